#pragma once

#include <functional>

#include "api/access_request.hpp"
#include "api/rbac.hpp"

namespace curfew::reconcile {

// An entry of the work queue: the object to reconcile, never an event.
struct Key {
  enum class Kind { Request, Policy, Binding };  // Binding: one without a known request
  Kind kind = Kind::Request;
  api::ObjectKey object;

  auto operator<=>(const Key&) const = default;
};

inline std::string to_string(const Key& key) {
  switch (key.kind) {
    case Key::Kind::Request:
      return std::string(api::kind_of<api::AccessRequest>(key.object.ns)) + " " + api::to_string(key.object);
    case Key::Kind::Policy: return "AccessPolicy " + api::to_string(key.object);
    case Key::Kind::Binding:
      return std::string(api::kind_of<api::RoleBinding>(key.object.ns)) + " " + api::to_string(key.object);
  }
  return api::to_string(key.object);
}

}  // namespace curfew::reconcile

template <>
struct std::hash<curfew::reconcile::Key> {
  std::size_t operator()(const curfew::reconcile::Key& key) const noexcept {
    return std::hash<curfew::api::ObjectKey>{}(key.object) * 3 + static_cast<std::size_t>(key.kind);
  }
};
