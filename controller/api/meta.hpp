#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "util/interned_string.hpp"
#include "util/time.hpp"

namespace curfew::api {

// Names an object within its kind; `ns` is empty for cluster-scoped kinds.
struct ObjectKey {
  std::string ns;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};

// "NAMESPACE/NAME", or "NAME".
std::string to_string(const ObjectKey& key);

// A kind that exists in namespaces and, under another name, for the whole cluster: the same struct, whose
// metadata.ns is empty for the latter.
template <class T>
concept HasClusterKind = requires {
  T::kClusterKind;
  T::kClusterPlural;
};

// "RoleBinding", or "ClusterRoleBinding" if `ns` is empty.
template <class T>
std::string_view kind_of(std::string_view ns) {
  if constexpr (HasClusterKind<T>)
    return ns.empty() ? T::kClusterKind : T::kKind;
  else
    return T::kKind;
}

// "rolebindings", or "clusterrolebindings" if `ns` is empty.
template <class T>
std::string_view plural_of(std::string_view ns) {
  if constexpr (HasClusterKind<T>)
    return ns.empty() ? T::kClusterPlural : T::kPlural;
  else
    return T::kPlural;
}

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;

  bool operator==(const OwnerReference&) const = default;
};

struct ObjectMeta {
  std::string name;
  std::string ns;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  TimePoint creation_timestamp;
  std::optional<TimePoint> deletion_timestamp;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<OwnerReference> owner_references;
  std::vector<std::string> finalizers;

  ObjectKey key() const { return {ns, name}; }
  bool operator==(const ObjectMeta&) const = default;
};

// metav1.Condition. `status` is True, False or Unknown.
struct Condition {
  InternedString type;
  InternedString status;
  InternedString reason;
  InternedString message;
  std::int64_t observed_generation = 0;
  TimePoint last_transition_time;

  bool operator==(const Condition&) const = default;
};

// Sets the condition of that type; its transition time changes only when its status does.
void set_condition(std::vector<Condition>& conditions, Condition condition);
const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);

// The identity of a user, as authenticated by the API server.
struct Person {
  InternedString username;
  std::vector<InternedString> groups;

  bool operator==(const Person&) const = default;
};

// An entry of `requesters`, `subjects`, `approvers`, and a RoleBinding's subject.
struct Subject {
  InternedString kind;  // User, Group, ServiceAccount
  InternedString name;
  InternedString ns;  // ServiceAccount only

  bool operator==(const Subject&) const = default;
};

struct RoleRef {
  InternedString kind;  // ClusterRole, Role
  InternedString name;

  bool operator==(const RoleRef&) const = default;
};

struct PolicyRef {
  InternedString name;
  InternedString uid;
  std::int64_t generation = 0;

  bool operator==(const PolicyRef&) const = default;
};

// What an extension prolongs: the access of another AccessRequest of its namespace.
struct ExtendedRef {
  InternedString name;
  InternedString uid;
  TimePoint expires_at;  // when that access ends
  TimePoint since;       // when the first access of the chain began

  bool operator==(const ExtendedRef&) const = default;
};

}  // namespace curfew::api

template <>
struct std::hash<curfew::api::ObjectKey> {
  std::size_t operator()(const curfew::api::ObjectKey& key) const noexcept {
    return std::hash<std::string>{}(key.ns) * 31 + std::hash<std::string>{}(key.name);
  }
};
