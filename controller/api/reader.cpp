#include "api/reader.hpp"

#include <utility>

#include "api/text.hpp"

namespace curfew::api {
namespace {

using Type = nlohmann::json::value_t;

const nlohmann::json kNull;

std::string in_words(const nlohmann::json& json) {
  switch (json.type()) {
    case Type::object: return "an object";
    case Type::array: return "a list";
    case Type::string: return cut(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), 100);
    case Type::boolean: return json.get<bool>() ? "true" : "false";
    case Type::number_float:
    case Type::number_integer:
    case Type::number_unsigned: return "the number " + json.dump();
    default: return json.type_name();
  }
}

template <class Int>
void read_integer(const Reader& reader, const nlohmann::json& json, Int& value) {
  const bool fits = json.is_number_unsigned()
                        ? std::in_range<Int>(json.get<std::uint64_t>())
                        : json.is_number_integer() && std::in_range<Int>(json.get<std::int64_t>());
  if (fits) {
    value = json.get<Int>();
  } else {
    reader.refuse("a whole number");
  }
}

}  // namespace

Reader Reader::at(const char* name) const {
  if (json_.is_object()) {
    const auto found = json_.find(name);
    if (found != json_.end()) return Reader(*found, *this, name, 0);
  } else if (!absent()) {
    refuse("an object");
  }
  return Reader(kNull, *this, name, 0);
}

const nlohmann::json* Reader::expect(Type type, std::string_view expected) const {
  if (absent()) return nullptr;
  if (json_.type() == type) return &json_;
  refuse(expected);
  return nullptr;
}

void Reader::refuse(std::string_view expected) const {
  if (!error_.empty()) return;
  error_ = path() + " must be " + std::string(expected) + ", not " + in_words(json_);
}

std::string Reader::path() const {
  if (parent_ == nullptr) return "";
  if (*name_ == '\0') return parent_->path() + "[" + std::to_string(index_) + "]";
  const std::string before = parent_->path();
  return before.empty() ? name_ : before + "." + name_;
}

void read(const Reader& reader, std::string& value) {
  if (const auto* json = reader.expect(Type::string, "a string")) value = json->get<std::string>();
}

void read(const Reader& reader, InternedString& value) {
  if (const auto* json = reader.expect(Type::string, "a string")) value = json->get_ref<const std::string&>();
}

void read(const Reader& reader, bool& value) {
  if (const auto* json = reader.expect(Type::boolean, "true or false")) value = json->get<bool>();
}

void read(const Reader& reader, int& value) {
  if (!reader.absent()) read_integer(reader, reader.json(), value);
}

void read(const Reader& reader, std::int64_t& value) {
  if (!reader.absent()) read_integer(reader, reader.json(), value);
}

void read(const Reader& reader, TimePoint& value) {
  std::string text;
  read(reader, text);
  if (text.empty()) return;
  if (const auto time = parse_rfc3339(text)) {
    value = *time;
  } else {
    reader.refuse("a time like 2026-11-24T20:00:00Z");
  }
}

void read(const Reader& reader, std::map<std::string, std::string>& value) {
  const auto* json = reader.expect(Type::object, "an object");
  if (json == nullptr) return;
  for (const auto& [key, item] : json->items()) read(reader.at(key.c_str()), value[key]);
}

}  // namespace curfew::api
