#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/input.hpp"
#include "core/policy/policy_status.hpp"
#include "reconcile/stores.hpp"
#include "telemetry/metrics.hpp"

// Facts from the stores about policies and their roles, in the form that each caller needs.
namespace curfew::reconcile {

// Whether a version of a policy was written while the guard was in force: GuardWatch::believes.
using BelievesPolicy = std::function<bool(const api::ObjectMeta&)>;
inline bool believe_every_policy(const api::ObjectMeta&) {
  return true;
}

// Whether the ClusterRoles that a policy names exist, for core::policy_problems. The stores must outlive the
// result.
core::PolicyFacts policy_facts(const Stores& stores, const TimeZone* time_zone, bool was_admitted);

// core::outliving_powers of a ClusterRole, or of all Roles of that name in namespaces that the policy covers.
std::vector<std::string> outliving_powers(const Stores& stores, const api::AccessPolicy& policy,
                                          const api::RoleRef& role);

// The live requests of each existing policy, for the metrics. A request without a phase counts as Pending.
telemetry::Metrics::LiveRequests live_requests(const Stores& stores);

// The requests whose access has ended and waits for its review.
struct ReviewCounts {
  std::size_t pending = 0;
  std::size_t overdue = 0;  // of those
};
ReviewCounts count_reviews(const Stores& stores, TimePoint now);

// nullopt: the stores have no such role.
std::optional<core::RoleFacts> role_facts(const Stores& stores, const api::RoleRef& role,
                                          const std::string& ns);

}  // namespace curfew::reconcile
