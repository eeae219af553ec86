#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "audit/writer.hpp"
#include "core/action.hpp"
#include "core/input.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "kube/event_recorder.hpp"
#include "limits/request_rate_limiter.hpp"
#include "limits/usage_index.hpp"
#include "reconcile/departed_requests.hpp"
#include "reconcile/grant_latency.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "runtime/worker.hpp"
#include "telemetry/metrics.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Executes a decision action by action and stops at the first that fails. Every action is idempotent, so that
// deciding again resumes what stopped.
class Applier {
 public:
  struct Parts {
    kube::Client& client;
    kube::Client& endings;  // for calls that end access; exempt from the in-flight limit
    audit::Writer& audit;
    kube::EventRecorder& events;
    Stores& stores;
    RequestNotes& notes;
    DepartedRequests& departed;
    expiry::PendingDeletions& deletions;
    limits::UsageIndex& usage;
    limits::RequestRateLimiter& floods;
    telemetry::Metrics& metrics;
    GrantLatency& grant_latency;
    const Clock& clock;
    std::function<bool()> may_grant;  // false once leadership is lost: only actions that end access run
    // Called with the stored state of a request that this replica has completed.
    std::function<void(const api::AccessRequest&)> on_completed;
  };

  explicit Applier(Parts parts) : parts_(std::move(parts)) {}

  runtime::Outcome apply(const core::Input& input, const core::Decision& decision, std::stop_token stop);

 private:
  // nullopt: continue with the next action.
  using Step = std::optional<runtime::Outcome>;

  Step run(const core::Input& input, const core::WriteRecord& action, std::stop_token stop);
  Step run(const core::Input& input, const core::CreateBinding& action, std::stop_token stop);
  Step run(const core::Input& input, const core::DeleteBinding& action, std::stop_token stop);
  Step run(const core::Input& input, const core::FreeBinding& action, std::stop_token stop);
  Step run(const core::Input& input, const core::ShortenBinding& action, std::stop_token stop);
  Step run(const core::Input& input, const core::UpdateStatus& action, std::stop_token stop);
  Step run(const core::Input& input, const core::EmitEvent& action, std::stop_token stop);

  Step look_for_end(const core::Input& input, std::stop_token stop);
  Step adopt_or_fail(const core::Input& input, const api::RoleBinding& wanted, std::stop_token stop);
  Step grant_failed(const core::Input& input, const Error& error);
  Step not_written(const core::Input& input, const Error& error);
  runtime::Outcome failed(const Error& error);
  void finished(const core::Input& input);

  Parts parts_;
};

}  // namespace curfew::reconcile
