#pragma once

#include <functional>
#include <stop_token>

#include "core/action.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "limits/request_rate_limiter.hpp"
#include "reconcile/departed_requests.hpp"
#include "reconcile/execute/step.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "telemetry/metrics.hpp"

namespace curfew::reconcile {

// Writes the status of requests.
class StatusExecutor {
 public:
  struct Parts {
    kube::Client& client;
    Stores& stores;
    RequestNotes& notes;
    DepartedRequests& departed;
    telemetry::Metrics& metrics;
    Failures& failures;
    limits::RequestRateLimiter& floods;
    // Called with the stored state of a request that this replica has completed; null: nobody is interested.
    std::function<void(const api::AccessRequest&)> on_completed;
  };

  explicit StatusExecutor(Parts parts) : parts_(std::move(parts)) {}

  Step run(const core::Input& input, const core::UpdateStatus& action, std::stop_token stop);

 private:
  Step failed(const core::Input& input, const Error& error, std::stop_token stop);

  const Parts parts_;
};

}  // namespace curfew::reconcile
