#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "api/rbac.hpp"

namespace curfew::core {

// The resources of an API group, without subresources, whose scope is that of their resource.
struct GroupScopes {
  std::set<std::string> namespaced;
  std::set<std::string> cluster_scoped;

  bool operator==(const GroupScopes&) const = default;
};

// By the name of the API group; "" is the core group.
using ResourceScopes = std::map<std::string, GroupScopes>;

// What rules allow beyond a namespace, so that a RoleBinding gives nothing of it.
struct ClusterScopedRules {
  std::vector<std::string> what;  // "nodes", "storageclasses.storage.k8s.io", "/metrics"
  bool is_everything = false;     // the rules allow nothing else

  bool operator==(const ClusterScopedRules&) const = default;
};

// Resources of groups that are not in `scopes`, or that the group does not have, count as namespaced. So do
// verbs beyond those of the API, such as `use` and `bind`, which are checked in a namespace, and of
// namespaces those with a name: a namespace is in itself. Where "*" covers both kinds, nothing is said.
ClusterScopedRules cluster_scoped(std::span<const api::PolicyRule> rules, const ResourceScopes& scopes);

// The groups whose scopes cluster_scoped() needs.
std::set<std::string> groups_of(std::span<const api::PolicyRule> rules);

// Whether the rules name a resource that its group in `scopes` does not have.
bool has_unknown_resource(std::span<const api::PolicyRule> rules, const std::string& group,
                          const GroupScopes& scopes);

struct RoleBeyondNamespace {
  api::RoleRef role;
  ClusterScopedRules rules;

  bool operator==(const RoleBeyondNamespace&) const = default;
};

// One sentence; empty if there are none.
std::string describe(std::span<const RoleBeyondNamespace> roles);

}  // namespace curfew::core
