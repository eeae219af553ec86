#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/meta.hpp"

// Only for the sources of this folder: writes structs as JSON, by their fields() (api/fields.hpp).
namespace curfew::api {

// How an empty value is written: left out of an object, or null in a merge patch, which removes the stored
// value.
enum class Empty { LeftOut, Null };

// Builds one JSON object, field by field.
class Writer {
 public:
  explicit Writer(Empty empty = Empty::LeftOut) : empty_(empty) {}

  // Empty is a text, a list, a map or an object without contents, and zero, false and TimePoint{}.
  template <class T>
  void field(const char* name, const T& value) {
    set(name, is_empty(value) ? nlohmann::json() : json_of(value));
  }

  // Empty only if it is not set.
  template <class T>
  void field(const char* name, const std::optional<T>& value) {
    set(name, value ? json_of(*value) : nlohmann::json());
  }

  // Writes the field even if it is empty.
  template <class T>
  void always(const char* name, const T& value) {
    json_[name] = json_of(value);
  }

  // An object that is empty if it is as it was made.
  template <class T>
  void unless_default(const char* name, const T& value) {
    set(name, value == T{} ? nlohmann::json() : json_of(value));
  }

  // To the microsecond.
  void micro(const char* name, TimePoint time) { json_[name] = format_rfc3339_micro(time); }
  void micro(const char* name, const std::optional<TimePoint>& time) {
    set(name, time ? nlohmann::json(format_rfc3339_micro(*time)) : nlohmann::json());
  }

  // An object that is no struct of its own.
  template <class F>
  void nested(const char* name, const F& fields_of_it) {
    Writer inner(empty_);
    fields_of_it(inner);
    set(name, inner.json_.empty() ? nlohmann::json() : inner.done());
  }

  nlohmann::json done() { return std::move(json_); }

  template <class T>
  nlohmann::json json_of(const T& value) const {
    if constexpr (std::is_enum_v<T>) {
      return to_string(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      return value;
    } else {
      Writer inner(empty_);
      fields(inner, value);
      return inner.done();
    }
  }
  template <class T>
  nlohmann::json json_of(const std::vector<T>& values) const {
    nlohmann::json list = nlohmann::json::array();
    for (const T& value : values) list.push_back(json_of(value));
    return list;
  }
  static nlohmann::json json_of(const std::string& value) { return value; }
  static nlohmann::json json_of(const InternedString& value) { return value.str(); }
  static nlohmann::json json_of(const std::map<std::string, std::string>& value) { return value; }
  static nlohmann::json json_of(TimePoint value) { return format_rfc3339(value); }

 private:
  template <class T>
  bool is_empty(const T& value) const {
    if constexpr (std::is_enum_v<T>)
      return false;
    else if constexpr (requires { value.empty(); })
      return value.empty();
    else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, TimePoint>)
      return value == T{};
    else
      return json_of(value).empty();
  }

  void set(const char* name, nlohmann::json value) {
    if (!value.is_null() || empty_ == Empty::Null) json_[name] = std::move(value);
  }

  Empty empty_;
  nlohmann::json json_ = nlohmann::json::object();
};

// The JSON of a kind, with its apiVersion and kind.
template <class T>
nlohmann::json json_of_kind(const T& object) {
  constexpr std::string_view kApis = "/apis/";
  constexpr std::string_view kApi = "/api/";
  const std::string_view path = T::kPath;
  nlohmann::json json = Writer().json_of(object);
  json["apiVersion"] = path.substr(path.starts_with(kApis) ? kApis.size() : kApi.size());
  json["kind"] = kind_of<T>(object.metadata.ns);
  return json;
}

}  // namespace curfew::api
