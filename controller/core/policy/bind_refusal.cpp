#include "core/policy/bind_refusal.hpp"

#include "core/describe.hpp"

namespace curfew::core {

namespace {

// How the roles of a policy of one scope are refused: those of another have another remedy.
std::string describe_cluster_wide(std::span<const BindRefusal> refusals) {
  if (refusals.front().cluster_wide == BindRefusal::ClusterWide::Disabled)
    return "cluster-wide access is not enabled in this cluster: Curfew may not make ClusterRoleBindings; install manifests/components/cluster-wide, or set clusterWide.enabled of the chart";
  std::string roles;
  for (const BindRefusal& refusal : refusals) roles += (roles.empty() ? "" : ", ") + describe(refusal.role);
  const std::string them(refusals.size() == 1 ? "it" : "them");
  return "Curfew may not grant " + roles + " cluster-wide; to allow it, a ClusterRole labelled " +
         "curfew.dev/grantable-cluster-wide=true allows bind and grant-cluster-wide on " + them;
}

}  // namespace

std::string describe(std::span<const BindRefusal> refusals) {
  if (!refusals.empty() && refusals.front().cluster_wide != BindRefusal::ClusterWide::No)
    return describe_cluster_wide(refusals);
  std::string roles;
  for (const BindRefusal& refusal : refusals) {
    roles += (roles.empty() ? "" : ", ") + describe(refusal.role);
    if (!refusal.namespaces.empty()) roles += " (in " + joined(refusal.namespaces) + ")";
  }
  if (roles.empty()) return roles;
  const bool is_one = refusals.size() == 1;
  return "Curfew may not bind " + roles + "; make the " + (is_one ? "role" : "roles") +
         " grantable: a ClusterRole labelled curfew.dev/grantable=true that allows bind on " +
         (is_one ? "it" : "them");
}

}  // namespace curfew::core
