#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/meta.hpp"

// Only for the sources of this folder: writes structs as JSON.
namespace curfew::api {

// How an empty value is written: left out of an object, or null in a merge patch, which removes the stored
// value.
enum class Empty { LeftOut, Null };

// Builds one JSON object, field by field.
class Writer {
 public:
  explicit Writer(Empty empty = Empty::LeftOut) : empty_(empty) {}

  template <class T>
  Writer& put(const char* name, const T& value) {
    set(name, to_json(value));
    return *this;
  }

  template <class T>
  Writer& put(const char* name, const std::optional<T>& value) {
    set(name, value ? to_json(*value) : nlohmann::json());
    return *this;
  }

  // Writes the field even if it is empty.
  template <class T>
  Writer& put_always(const char* name, const T& value) {
    json_[name] = value;
    return *this;
  }

  Writer& put_micro(const char* name, TimePoint time);

  // Whether the object has no fields.
  bool nothing() const { return json_.empty(); }
  nlohmann::json done() { return std::move(json_); }

 private:
  void set(const char* name, nlohmann::json value);

  nlohmann::json to_json(const std::string& value) const {
    return value.empty() ? nlohmann::json() : nlohmann::json(value);
  }
  nlohmann::json to_json(const InternedString& value) const { return to_json(value.str()); }
  nlohmann::json to_json(const nlohmann::json& value) const {
    return value.empty() ? nlohmann::json() : value;
  }
  nlohmann::json to_json(const std::vector<std::string>& value) const {
    return value.empty() ? nlohmann::json() : nlohmann::json(value);
  }
  nlohmann::json to_json(const std::vector<InternedString>& value) const {
    return value.empty() ? nlohmann::json() : nlohmann::json(value);
  }
  nlohmann::json to_json(const std::map<std::string, std::string>& value) const {
    return value.empty() ? nlohmann::json() : nlohmann::json(value);
  }
  nlohmann::json to_json(TimePoint value) const { return format_rfc3339(value); }
  nlohmann::json to_json(const Person& value) const;
  nlohmann::json to_json(const Subject& value) const;
  nlohmann::json to_json(const RoleRef& value) const;
  nlohmann::json to_json(const PolicyRef& value) const;

  Empty empty_;
  nlohmann::json json_ = nlohmann::json::object();
};

nlohmann::json to_json(const ObjectMeta& meta);
nlohmann::json to_json(const Subject& subject);
nlohmann::json to_json(const RoleRef& role);
nlohmann::json to_json(const std::vector<Condition>& conditions);

template <class T>
nlohmann::json list_of(const std::vector<T>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const T& value : values) list.push_back(to_json(value));
  return list;
}

// {"apiVersion": ..., "kind": ..., "metadata": ...}
template <class T>
nlohmann::json head_of(const T& object) {
  constexpr std::string_view kApis = "/apis/";
  constexpr std::string_view kApi = "/api/";
  const std::string_view path = T::kPath;
  const auto version = path.substr(path.starts_with(kApis) ? kApis.size() : kApi.size());
  return {{"apiVersion", version}, {"kind", T::kKind}, {"metadata", to_json(object.metadata)}};
}

}  // namespace curfew::api
