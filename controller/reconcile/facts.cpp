#include "reconcile/facts.hpp"

#include <map>
#include <set>

#include "api/names.hpp"
#include "core/decide/review.hpp"
#include "core/policy/selector.hpp"

namespace curfew::reconcile {
core::PolicyFacts policy_facts(const Stores& stores, const TimeZone* time_zone, bool was_admitted) {
  return {.cluster_role_exists =
              [&stores](const std::string& name) { return stores.cluster_roles.get({"", name}) != nullptr; },
          .time_zone = time_zone,
          .was_admitted = was_admitted};
}

std::vector<std::string> outliving_powers(const Stores& stores, const api::AccessPolicy& policy,
                                          const api::RoleRef& role) {
  if (role.kind == api::ClusterRole::kKind) {
    const auto found = stores.cluster_roles.get({"", role.name});
    return found ? std::vector<std::string>(found->outliving_powers.begin(), found->outliving_powers.end())
                 : std::vector<std::string>();
  }
  std::set<std::string> powers;
  for (const auto& one : stores.roles.list()) {
    const std::string& ns = one->metadata.ns;
    if (one->metadata.name != role.name ||
        !core::reaches(policy.spec.namespaces, ns, stores.namespaces.get({"", ns}).get()))
      continue;
    powers.insert(one->outliving_powers.begin(), one->outliving_powers.end());
  }
  return {powers.begin(), powers.end()};
}

telemetry::Metrics::LiveRequests live_requests(const Stores& stores) {
  std::map<std::string, std::map<api::Phase, std::size_t>, std::less<>> counts;
  for (const auto& request : stores.requests.list())
    ++counts[request->spec.policy.str()][request->status.phase.value_or(api::Phase::Pending)];
  telemetry::Metrics::LiveRequests result;
  for (const auto& policy : stores.policies.list()) {
    const std::string scope(api::is_cluster_wide(policy->spec) ? api::kClusterScope : "Namespaced");
    result[{.policy = policy->metadata.name, .scope = scope}] = counts[policy->metadata.name];
  }
  return result;
}

ReviewCounts count_reviews(const Stores& stores, TimePoint now) {
  ReviewCounts counts;
  for (const auto& request : stores.requests.list()) {
    if (!core::awaits_review(request->status)) continue;
    ++counts.pending;
    if (now >= *request->status.review->due_at) ++counts.overdue;
  }
  return counts;
}

std::optional<core::RoleFacts> role_facts(const Stores& stores, const api::RoleRef& role,
                                          const std::string& ns) {
  const auto found = role.kind == api::ClusterRole::kKind ? stores.cluster_roles.get({"", role.name})
                                                          : stores.roles.get({ns, role.name});
  return found ? std::optional(found->facts()) : std::nullopt;
}

}  // namespace curfew::reconcile
