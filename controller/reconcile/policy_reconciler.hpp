#pragma once

#include <stop_token>

#include "kube/client.hpp"
#include "kube/event_recorder.hpp"
#include "reconcile/facts.hpp"
#include "reconcile/role_reviews.hpp"
#include "reconcile/stores.hpp"
#include "runtime/worker.hpp"
#include "telemetry/metrics.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Maintains a policy's status: whether the policy works, and how many requests it has.
class PolicyReconciler {
 public:
  // Without `reviews`, it asks nothing about the roles that policies offer.
  PolicyReconciler(kube::Client& client, kube::EventRecorder& events, Stores& stores,
                   telemetry::Metrics& metrics, const Clock& clock,
                   BelievesPolicy believes = believe_every_policy, RoleReviews* reviews = nullptr)
      : client_(client),
        events_(events),
        stores_(stores),
        metrics_(metrics),
        clock_(clock),
        believes_(std::move(believes)),
        reviews_(reviews) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  kube::Client& client_;
  kube::EventRecorder& events_;
  Stores& stores_;
  telemetry::Metrics& metrics_;
  const Clock& clock_;
  const BelievesPolicy believes_;
  RoleReviews* const reviews_;
};

}  // namespace curfew::reconcile
