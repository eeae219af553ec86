#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <stop_token>
#include <string>

#include "reconcile/bind_review.hpp"
#include "reconcile/scope_review.hpp"
#include "util/backoff.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// What Curfew knows of the roles that policies offer beyond its watches, and when to ask again. In steady
// state it asks nothing. Thread-safe, for different policies.
class RoleReviews {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // What is passed must outlive it.
  RoleReviews(kube::Client& client, const Stores& stores, const Clock& clock)
      : stores_(stores), clock_(clock), binds_(client, stores), scopes_(client, stores, clock) {}

  struct Answer {
    // nullopt: not known
    std::optional<std::vector<core::BindRefusal>> bind_refusals;
    std::optional<std::vector<core::RoleBeyondNamespace>> beyond_namespace;
    Duration ask_again{};  // review the policy again after this time; zero: when something changes
  };

  // Asks at once about a version of the policy that its status has not observed. Asks after some seconds in a
  // new term, and after a change of the policy's roles or of ClusterRole curfew-grantable, because the
  // authorizers of API servers follow such a change with a delay. Then asks once more; and repeats with a
  // backoff while a role may not be bound, or after an error, which leaves the answer as it was. What is good
  // is asked for again at the slow resync.
  Answer review(const api::AccessPolicy& policy, std::stop_token stop);

  void forget(const std::string& policy);
  void end_term();

 private:
  using Instant = std::chrono::steady_clock::time_point;

  struct State {
    std::string uid;
    std::int64_t generation = 0;
    std::string basis;  // the roles, and what allows Curfew to bind
    std::optional<std::vector<core::BindRefusal>> bind_refusals;
    std::optional<std::vector<core::RoleBeyondNamespace>> beyond_namespace;
    std::optional<Instant> asked_at;
    std::optional<Instant> due;
    bool is_confirmed = false;  // asked twice since the last change
    Backoff backoff;
  };
  struct States {
    std::map<std::string, State> of;  // by the policy's name
    std::minstd_rand random{std::random_device{}()};
  };

  State state_of(const api::AccessPolicy& policy);
  void ask(const api::AccessPolicy& policy, State& state, std::stop_token stop);
  std::string basis_of(const api::AccessPolicy& policy) const;

  const Stores& stores_;
  const Clock& clock_;
  BindReview binds_;
  ScopeReview scopes_;
  Guarded<States> states_;
};

}  // namespace curfew::reconcile
