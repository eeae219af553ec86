#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace curfew::core {

// A role that a policy offers and RBAC does not allow Curfew to bind, so that requests for it would wait.
struct BindRefusal {
  api::RoleRef role;
  std::vector<std::string> namespaces;  // empty: wherever the policy reaches
  // Of a policy whose scope is Cluster. Disabled: Curfew may make no ClusterRoleBinding at all.
  enum class ClusterWide { No, RoleRefused, Disabled };
  ClusterWide cluster_wide = ClusterWide::No;

  bool operator==(const BindRefusal&) const = default;
};

// One sentence with the remedy; empty if there are none.
std::string describe(std::span<const BindRefusal> refusals);

}  // namespace curfew::core
