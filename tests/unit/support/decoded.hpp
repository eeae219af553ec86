#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "api/codec.hpp"

// Objects as Curfew sees them: read from JSON by api's decoders. So a test cannot stand on a field that no
// decoder reads.
namespace curfew::testing {

template <class T>
concept Encodable = requires(const T& object) {
  { api::encode(object) } -> std::same_as<nlohmann::json>;
};

// Throws if `written` has a field that is missing in `encoded`, the encoding of what was decoded from it: no
// decoder reads that field. The encoding omits empty values.
inline void require_known_fields(const nlohmann::json& written, const nlohmann::json& encoded,
                                 const std::string& path) {
  if (written.is_array()) {
    for (std::size_t i = 0; i < written.size(); ++i)
      require_known_fields(written[i], encoded.at(i), path + "[" + std::to_string(i) + "]");
  }
  if (!written.is_object()) return;
  for (const auto& [key, value] : written.items()) {
    const bool is_empty = value.is_null() || value == "" || value == false || value == 0 ||
                          (value.is_structured() && value.empty());
    if (encoded.contains(key)) {
      require_known_fields(value, encoded[key], path + "." + key);
    } else if (!is_empty) {
      throw std::invalid_argument("no decoder reads the field " + path + "." + key);
    }
  }
}

// The object that api's decoder reads. Throws std::exception if the decoder refuses the JSON or, of kinds
// that Curfew writes, does not read all of it.
template <class T>
T decoded(const nlohmann::json& json) {
  auto object = api::decode<T>(json);
  if (!object) throw std::invalid_argument(object.error().message);
  if constexpr (Encodable<T>) require_known_fields(json, api::encode(*object), std::string(T::kKind));
  return *std::move(object);
}

// The object after it was written to the API server and read again: what is not in its JSON is lost. Objects
// of kinds that Curfew does not write stay as they are.
template <class T>
T read_back(T object) {
  if constexpr (Encodable<T>) {
    auto read = api::decode<T>(api::encode(object));
    if (!read) throw std::invalid_argument(read.error().message);
    return *std::move(read);
  } else {
    return object;
  }
}
// Only the metadata, which is all that there is, as that of a kind that Curfew writes.
inline api::Namespace read_back(const api::Namespace& object) {
  const api::RoleBinding carrier{.metadata = object.metadata, .role_ref = {}, .subjects = {}};
  return decoded<api::Namespace>({{"metadata", api::encode(carrier).at("metadata")}});
}

inline bool same(const api::AccessRequest& a, const api::AccessRequest& b) {
  return a.metadata == b.metadata && a.spec == b.spec && a.decisions == b.decisions &&
         a.reviews == b.reviews && a.status == b.status;
}
inline bool same(const api::AccessPolicy& a, const api::AccessPolicy& b) {
  return a.metadata == b.metadata && a.spec == b.spec && a.status == b.status;
}
inline bool same(const api::RoleBinding& a, const api::RoleBinding& b) {
  return a.metadata == b.metadata && a.role_ref == b.role_ref && a.subjects == b.subjects;
}
inline bool same(const api::AuditRecord& a, const api::AuditRecord& b) {
  return a == b;
}
inline bool same(const api::Namespace& a, const api::Namespace& b) {
  return a.metadata == b.metadata;
}

}  // namespace curfew::testing
