#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "core/denial.hpp"
#include "util/time_zone.hpp"

namespace curfew::core {

// What a policy's worth depends on beside itself.
struct PolicyFacts {
  std::function<bool(const std::string&)> cluster_role_exists;
  const TimeZone* time_zone = nullptr;  // of its schedule; null: unknown
  bool was_admitted = true;             // by the guard: written while the admission policies were in force
};

struct PolicyInput {
  const api::AccessPolicy& policy;
  PolicyFacts facts;
  std::function<std::vector<std::string>(const api::RoleRef&)>
      outliving_powers;  // of the role, or of the Roles of that name where the policy reaches
  int active_grants = 0;
  int pending_requests = 0;
  TimePoint now;
};

// Everything that keeps a policy from working, each a sentence; empty: it works. Roles of kind Role are
// looked up at each request, in its namespace.
std::vector<Denial> policy_problems(const api::AccessPolicy& policy, const PolicyFacts& facts);

// The status that the policy should have. Equal to the one it has when nothing is new.
api::AccessPolicyStatus policy_status(const PolicyInput& input);

}  // namespace curfew::core
