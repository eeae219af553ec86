#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access_policy.hpp"
#include "api/event.hpp"
#include "core/denial.hpp"
#include "core/policy/bind_refusal.hpp"
#include "core/policy/rule_scope.hpp"
#include "util/time_zone.hpp"

namespace curfew::core {

// What the readiness of a policy depends on besides the policy itself.
struct PolicyFacts {
  std::function<bool(const std::string&)> cluster_role_exists;
  const TimeZone* time_zone = nullptr;  // of its schedule; null if unknown
  bool was_admitted = true;             // by the guard: written while the admission policies were in force
};

struct PolicyInput {
  const api::AccessPolicy& policy;
  PolicyFacts facts;
  // Of the role, or of the Roles of that name in the namespaces that the policy reaches.
  std::function<std::vector<std::string>(const api::RoleRef&)> outliving_powers;
  // nullopt: not known, so that the status keeps what it says of this version of the policy.
  std::optional<std::vector<BindRefusal>> bind_refusals;
  std::optional<std::vector<RoleBeyondNamespace>> beyond_namespace;
  int active_grants = 0;
  int pending_requests = 0;
  TimePoint now;
};

// The problems that keep a policy from working, one sentence each; empty if it works. Roles of kind Role are
// looked up at each request, in its namespace. With `role`, the problems of a request for that role: whether
// the policy's other roles exist does not matter to it.
std::vector<Denial> policy_problems(const api::AccessPolicy& policy, const PolicyFacts& facts,
                                    const std::optional<api::RoleRef>& role = std::nullopt);

// cluster-admin, and the roles of the control plane.
bool is_never_granted_cluster_wide(std::string_view cluster_role);

// The sentence in which policy_problems() reports a role that does not exist.
std::string describe_missing_role(const api::RoleRef& role);

// The status that the policy should have; equal to the current one if nothing is new. A policy with a role
// that Curfew may not bind is not Ready, but that is no problem of its requests: they are tried, since the
// role may have become grantable meanwhile.
api::AccessPolicyStatus policy_status(const PolicyInput& input);

// The Event for a policy that starts or stops working; nullopt for any other change of its status, such as a
// new count.
std::optional<api::Event> policy_event(const api::AccessPolicy& before, const api::AccessPolicyStatus& after,
                                       TimePoint now);

}  // namespace curfew::core
