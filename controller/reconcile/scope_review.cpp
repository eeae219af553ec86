#include "reconcile/scope_review.hpp"

#include <optional>
#include <utility>

#include "api/rbac.hpp"
#include "reconcile/read_role.hpp"

namespace curfew::reconcile {
namespace {

// Shorter than the interval of the slow resync, which reviews every policy.
constexpr std::chrono::hours kMaxAge{5};
// A resource that its group does not have may be new: the group is read again if it was read before that.
constexpr std::chrono::seconds kMaxAgeIfUnknown{10};
constexpr std::size_t kMaxGroupsOfRole = 64;

}  // namespace

Result<ScopeReview::Answer> ScopeReview::ask(const api::AccessPolicy& policy, std::stop_token stop) {
  Answer answer;
  if (api::is_cluster_wide(policy.spec)) return answer;
  for (const api::RoleRef& offered : policy.spec.roles) {
    if (offered.kind != api::ClusterRole::kKind) continue;
    const auto role = stores_.cluster_roles.get({"", offered.name});
    if (!role) continue;
    auto rules = known(*role);
    if (!rules) {
      auto found = read(*role, answer.is_partial, stop);
      if (!found) return tl::unexpected(found.error());
      rules = std::move(*found);
    }
    const bool matters = !rules->what.empty() && (rules->is_everything || !role->is_aggregated);
    if (matters) answer.roles.push_back({.role = offered, .rules = std::move(*rules)});
  }
  return answer;
}

void ScopeReview::forget() {
  roles_.with([](auto& roles) { roles.clear(); });
  discovery_.forget();
}

std::optional<core::ClusterScopedRules> ScopeReview::known(const RoleSummary& role) {
  const auto now = clock_.steady();
  return roles_.with([&](auto& roles) -> std::optional<core::ClusterScopedRules> {
    std::erase_if(roles, [&](const auto& entry) { return now - entry.second.read_at > kMaxAge; });
    const auto found = roles.find(role.metadata.name);
    if (found == roles.end() || found->second.uid != role.metadata.uid ||
        found->second.rules_hash != role.rules_hash.str())
      return std::nullopt;
    return found->second.rules;
  });
}

// A role that has changed since the watch brought it is read again when the watch brings the change.
Result<core::ClusterScopedRules> ScopeReview::read(const RoleSummary& role, bool& is_partial,
                                                   const std::stop_token& stop) {
  const auto stored = read_role<api::ClusterRole>(client_, role.metadata.key(), stop);
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored) return core::ClusterScopedRules{};
  const std::vector<api::PolicyRule>& rules = (*stored)->rules;
  bool is_incomplete = false;
  auto result = core::cluster_scoped(rules, scopes_of(rules, is_incomplete, stop));
  if (is_incomplete) {
    is_partial = true;
    return result;
  }
  roles_.with([&](auto& roles) {
    roles.insert_or_assign(role.metadata.name, Known{.uid = role.metadata.uid,
                                                     .rules_hash = role.rules_hash.str(),
                                                     .rules = result,
                                                     .read_at = clock_.steady()});
  });
  return result;
}

core::ResourceScopes ScopeReview::scopes_of(const std::vector<api::PolicyRule>& rules, bool& is_partial,
                                            const std::stop_token& stop) {
  core::ResourceScopes scopes;
  for (const std::string& name : core::groups_of(rules)) {
    if (scopes.size() == kMaxGroupsOfRole) break;
    auto group = discovery_.group(name, kMaxAge, stop);
    if (group && core::has_unknown_resource(rules, name, *group))
      group = discovery_.group(name, kMaxAgeIfUnknown, stop);
    if (group)
      scopes.emplace(name, std::move(*group));
    else
      is_partial = true;
  }
  return scopes;
}

}  // namespace curfew::reconcile
