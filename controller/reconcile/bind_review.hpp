#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "api/access_policy.hpp"
#include "core/policy/bind_refusal.hpp"
#include "kube/client.hpp"
#include "reconcile/stores.hpp"

namespace curfew::reconcile {

// Asks the API server which of the roles that a policy offers Curfew may bind.
class BindReview {
 public:
  // The client and the stores must outlive it.
  BindReview(kube::Client& client, const Stores& stores) : client_(client), stores_(stores) {}

  struct Answer {
    std::vector<core::BindRefusal> refusals;
    // A role that may not be bound everywhere has no namespace yet in which the policy reaches it: this says
    // nothing about it.
    bool is_partial = false;
  };

  // A role that may be bound in all namespaces takes one call. Otherwise each namespace that the policy names
  // is asked about, and of those that it selects one in which the role may be bound is enough, because
  // Curfew's permissions may be limited on purpose. A Role is asked about where it exists. For a policy whose
  // scope is Cluster, one call, and two a role. Fails if any call fails.
  Result<Answer> ask(const api::AccessPolicy& policy, const std::stop_token& stop);

 private:
  kube::Client& client_;
  const Stores& stores_;
};

}  // namespace curfew::reconcile
