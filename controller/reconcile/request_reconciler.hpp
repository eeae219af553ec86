#pragma once

#include <functional>
#include <stop_token>

#include "core/input.hpp"
#include "limits/keyed_lock.hpp"
#include "reconcile/apply.hpp"
#include "reconcile/gather.hpp"
#include "runtime/worker.hpp"
#include "telemetry/metrics.hpp"

namespace curfew::reconcile {

// Reconciles one request: gather, decide, apply.
class RequestReconciler {
 public:
  struct Parts {
    const Stores& stores;
    Gatherer& gatherer;
    Applier& applier;
    telemetry::Metrics& metrics;
    std::function<core::GuardState()> guard;
    std::function<void(const api::ObjectKey&)> look_again;  // enqueues a request
  };

  explicit RequestReconciler(Parts parts) : parts_(std::move(parts)), usage_lock_(parts_.look_again) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  std::string usage_key(const api::ObjectKey& key) const;
  runtime::Outcome decide_and_apply(const api::ObjectKey& key, std::stop_token stop);

  const Parts parts_;
  limits::KeyedLock usage_lock_;
};

}  // namespace curfew::reconcile
