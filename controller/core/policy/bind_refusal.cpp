#include "core/policy/bind_refusal.hpp"

#include "core/describe.hpp"

namespace curfew::core {

std::string describe(std::span<const BindRefusal> refusals) {
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
