#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "core/denial.hpp"

namespace curfew::core {

struct PolicyInput {
  const api::AccessPolicy& policy;
  std::function<bool(const std::string&)> cluster_role_exists;
  int active_grants = 0;
  int pending_requests = 0;
  TimePoint now;
};

// What the policy uses and Curfew does not do yet: ignoring it would make the policy weaker than its author meant it.
std::vector<Denial> unimplemented_features(const api::AccessPolicy& policy);

// Everything that keeps a policy from working, each a sentence; empty: it works. Roles of kind Role are looked up at each request, in its namespace.
std::vector<Denial> policy_problems(const api::AccessPolicy& policy, const std::function<bool(const std::string&)>& cluster_role_exists);

// The status that the policy should have. Equal to the one it has when nothing is new.
api::AccessPolicyStatus policy_status(const PolicyInput& input);

}  // namespace curfew::core
