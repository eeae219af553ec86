#pragma once

#include <chrono>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "core/policy/rule_scope.hpp"
#include "kube/client.hpp"
#include "reconcile/resource_discovery.hpp"
#include "reconcile/stores.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// Finds what ClusterRoles allow beyond a namespace, so that a grant gives nothing of it. Thread-safe.
class ScopeReview {
 public:
  // What is passed must outlive it.
  ScopeReview(kube::Client& client, const Stores& stores, const Clock& clock)
      : client_(client), stores_(stores), clock_(clock), discovery_(client, clock) {}

  struct Answer {
    std::vector<core::RoleBeyondNamespace> roles;
    bool is_partial = false;  // the API server did not say all that it should
  };

  // Of an aggregated role only if it allows nothing else: its rules are those of whatever is installed. Reads
  // each version of a role once, whichever policies offer it. Fails if a role cannot be read.
  Result<Answer> ask(const api::AccessPolicy& policy, std::stop_token stop);
  void forget();

 private:
  struct Known {
    std::string uid;
    std::string rules_hash;
    core::ClusterScopedRules rules;
    std::chrono::steady_clock::time_point read_at;
  };

  std::optional<core::ClusterScopedRules> known(const RoleSummary& role);
  Result<core::ClusterScopedRules> read(const RoleSummary& role, bool& is_partial,
                                        const std::stop_token& stop);
  core::ResourceScopes scopes_of(const std::vector<api::PolicyRule>& rules, bool& is_partial,
                                 const std::stop_token& stop);

  kube::Client& client_;
  const Stores& stores_;
  const Clock& clock_;
  ResourceDiscovery discovery_;
  Guarded<std::map<std::string, Known>> roles_;  // by the name of the ClusterRole
};

}  // namespace curfew::reconcile
