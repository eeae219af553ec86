#pragma once

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/codec.hpp"
#include "api/meta.hpp"

// Only for the sources of this folder: reads JSON into structs. `read` has an overload for each type that is
// no struct; those of structs come from their fields() (api/fields.hpp).
namespace curfew::api {

// A position in a JSON document, with its path. `error` receives a message for the first mismatch; reading
// continues, with defaults. An absent or null field leaves the value unchanged.
class Reader {
 public:
  Reader(const nlohmann::json& json, std::string& error) : json_(json), error_(error) {}

  template <class T>
  void field(const char* name, T& value) const {
    read(at(name), value);
  }
  // As Writer has them: how a field is written makes no difference here.
  template <class T>
  void always(const char* name, T& value) const {
    field(name, value);
  }
  template <class T>
  void unless_default(const char* name, T& value) const {
    field(name, value);
  }
  template <class T>
  void micro(const char* name, T& value) const {
    field(name, value);
  }
  template <class F>
  void nested(const char* name, const F& fields_of_it) const {
    fields_of_it(at(name));
  }

  const nlohmann::json& json() const { return json_; }
  bool absent() const { return json_.is_null(); }
  Reader at(const char* name) const;
  Reader at(std::size_t index) const { return Reader(json_.at(index), *this, "", index); }

  // The value if it has that type; otherwise null, with an error unless it is absent.
  const nlohmann::json* expect(nlohmann::json::value_t type, std::string_view expected) const;
  // Sets the error "PATH must be EXPECTED, not VALUE".
  void refuse(std::string_view expected) const;
  std::string path() const;

 private:
  Reader(const nlohmann::json& json, const Reader& parent, const char* name, std::size_t index)
      : json_(json), error_(parent.error_), parent_(&parent), name_(name), index_(index) {}

  const nlohmann::json& json_;
  std::string& error_;
  const Reader* parent_ = nullptr;
  const char* name_ = "";  // empty: an element of a list
  std::size_t index_ = 0;
};

void read(const Reader& reader, std::string& value);
void read(const Reader& reader, InternedString& value);
void read(const Reader& reader, bool& value);
void read(const Reader& reader, int& value);
void read(const Reader& reader, std::int64_t& value);
void read(const Reader& reader, TimePoint& value);
void read(const Reader& reader, std::map<std::string, std::string>& value);
void read(const Reader& reader, Verdict& value);
void read(const Reader& reader, ReviewVerdict& value);
void read(const Reader& reader, Phase& value);
void read(const Reader& reader, AuditAction& value);

template <class T>
void read(const Reader& reader, T& value) {
  fields(reader, value);
}

template <class T>
void read(const Reader& reader, std::optional<T>& value) {
  if (reader.absent()) return;
  read(reader, value.emplace());
}

template <class T>
void read(const Reader& reader, std::vector<T>& value) {
  const nlohmann::json* list = reader.expect(nlohmann::json::value_t::array, "a list");
  if (list == nullptr) return;
  value.resize(list->size());
  for (std::size_t i = 0; i < value.size(); ++i) read(reader.at(i), value[i]);
}

// Reads an enum by the to_string() names of its values, from the first to `last`.
template <class E>
void read_enum(const Reader& reader, E& value, E last) {
  std::string name;
  read(reader, name);
  if (name.empty()) return;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (to_string(static_cast<E>(i)) != name) continue;
    value = static_cast<E>(i);
    return;
  }
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) names.push_back(to_string(static_cast<E>(i)));
  reader.refuse(fmt::format("one of {}", fmt::join(names, ", ")));
}

// Instantiated in each Kind's source file.
template <class T>
Result<T> decode(const nlohmann::json& json) {
  std::string error;
  const Reader reader(json, error);
  T value;
  if (reader.absent() || reader.expect(nlohmann::json::value_t::object, "an object") == nullptr) {
    return fail(ErrorKind::Decode, std::string(T::kKind) + " must be an object, not " + json.type_name());
  }
  read(reader, value);
  if (error.empty()) return value;
  return fail(ErrorKind::Decode, std::string(kind_of<T>(value.metadata.ns)) + " " +
                                     to_string(value.metadata.key()) + ": " + error);
}

}  // namespace curfew::api
