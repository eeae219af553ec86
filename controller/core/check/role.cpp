#include <algorithm>

#include "api/names.hpp"
#include "core/check/checks.hpp"
#include "core/describe.hpp"

namespace curfew::core::checks {
namespace {

namespace reason = api::reason;

api::RoleRef role_of(const Input& in) {
  return effective_role(*in.request, in.policy.get()).value_or(api::RoleRef{});
}

std::string where(const Input& in, const api::RoleRef& role) {
  return role.kind == "Role" ? " in namespace " + in.request->metadata.ns : "";
}

}  // namespace

std::optional<Denial> role_is_unambiguous(const Input& in) {
  if (effective_role(*in.request, in.policy.get())) return std::nullopt;
  return denial(reason::kRoleAmbiguous, "spec.role is missing: " + describe(*in.policy) + " offers " +
                                            describe(in.policy->spec.roles));
}

std::optional<Denial> role_is_allowed(const Input& in) {
  const auto& offered = in.policy->spec.roles;
  const auto role = role_of(in);
  if (role.kind == "Role" && !in.request->spec.namespaces.empty())
    return denial(
        reason::kRoleNotAllowed,
        describe(role) + " is another one in each namespace: a request for several gets a ClusterRole");
  if (std::ranges::find(offered, role) != offered.end()) return std::nullopt;
  return denial(reason::kRoleNotAllowed, "spec.role " + describe(role) + " is not offered by " +
                                             describe(*in.policy) + ", which offers " + describe(offered));
}

std::optional<Denial> role_exists(const Input& in) {
  if (in.role) return std::nullopt;
  const auto role = role_of(in);
  return not_yet(reason::kRoleNotFound, "spec.role " + describe(role) + " does not exist" + where(in, role));
}

// Approvers approve what the role allowed when it was requested. A role that was recreated with the same
// rules allows that; one that is aggregated gets its rules a moment later.
std::optional<Denial> role_is_unchanged(const Input& in) {
  const auto& status = in.request->status;
  if (!in.role || status.role_uid.empty()) return std::nullopt;
  const auto role = role_of(in);
  const bool is_same = in.role->uid == status.role_uid;
  if (!status.role_rules_hash.empty() && in.role->rules_hash == status.role_rules_hash) return std::nullopt;
  if (is_same && (in.role->is_aggregated || status.role_rules_hash.empty())) return std::nullopt;
  if (!is_same) {
    Denial found = denial(
        reason::kRoleChanged,
        describe(role) + where(in, role) +
            " was deleted and made again with other rules since it was asked for: ask again for what it is now");
    found.may_pass = in.role->is_aggregated;
    return found;
  }
  return denial(reason::kRoleChanged,
                "the rules of " + describe(role) + where(in, role) +
                    " have changed since it was asked for: ask again for what they are now");
}

}  // namespace curfew::core::checks
