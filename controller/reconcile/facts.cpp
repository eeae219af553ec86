#include "reconcile/facts.hpp"

#include <set>

#include "core/role_rules.hpp"
#include "core/selector.hpp"

namespace curfew::reconcile {
namespace {

// Roles come and go; what is kept of those that are gone is dropped with the rest once there is so much of it.
constexpr std::size_t kMostKnown = 4096;

}  // namespace

core::PolicyFacts policy_facts(const Stores& stores, const TimeZone* time_zone, bool was_admitted) {
  return {.cluster_role_exists = [&stores](const std::string& name) { return stores.cluster_roles.get({"", name}) != nullptr; },
          .time_zone = time_zone,
          .was_admitted = was_admitted};
}

std::vector<std::string> outliving_powers(const Stores& stores, const api::AccessPolicy& policy, const api::RoleRef& role) {
  if (role.kind == api::ClusterRole::kKind) {
    const auto found = stores.cluster_roles.get({"", role.name});
    return found ? core::outliving_powers(found->rules) : std::vector<std::string>();
  }
  std::set<std::string> powers;
  for (const auto& one : stores.roles.list()) {
    const std::string& name_space = one->metadata.name_space;
    if (one->metadata.name != role.name || !core::reaches(policy.spec.namespaces, name_space, stores.namespaces.get({"", name_space}).get())) continue;
    for (std::string& power : core::outliving_powers(one->rules)) powers.insert(std::move(power));
  }
  return {powers.begin(), powers.end()};
}

runtime::Metrics::LiveRequests live_requests(const Stores& stores) {
  runtime::Metrics::LiveRequests result;
  for (const auto& policy : stores.policies.list()) result.try_emplace(policy->metadata.name);
  for (const auto& request : stores.requests.list()) {
    const auto of_policy = result.find(request->spec.policy);
    if (of_policy != result.end()) ++of_policy->second[request->status.phase.value_or(api::Phase::Pending)];
  }
  return result;
}

std::optional<core::RoleFacts> RoleBook::facts(const api::RoleRef& role, const std::string& name_space) const {
  if (role.kind == api::ClusterRole::kKind) {
    const auto found = stores_.cluster_roles.get({"", role.name});
    if (!found) return std::nullopt;
    return core::RoleFacts{.uid = found->metadata.uid, .rules_hash = hash_of(found->metadata, found->rules), .is_aggregated = found->is_aggregated};
  }
  const auto found = stores_.roles.get({name_space, role.name});
  if (!found) return std::nullopt;
  return core::RoleFacts{.uid = found->metadata.uid, .rules_hash = hash_of(found->metadata, found->rules), .is_aggregated = false};
}

std::string RoleBook::hash_of(const api::ObjectMeta& meta, const std::vector<api::PolicyRule>& rules) const {
  return known_.with([&](auto& known) {
    if (known.size() > kMostKnown) known.clear();
    Known& entry = known[meta.uid];
    if (entry.hash.empty() || entry.resource_version != meta.resource_version) entry = {.resource_version = meta.resource_version, .hash = core::rules_hash(rules)};
    return entry.hash;
  });
}

}  // namespace curfew::reconcile
