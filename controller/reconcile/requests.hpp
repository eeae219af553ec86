#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "core/input.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "kube/event_recorder.hpp"
#include "limits/request_rate_limiter.hpp"
#include "limits/usage_index.hpp"
#include "reconcile/apply.hpp"
#include "reconcile/departed_requests.hpp"
#include "reconcile/gather.hpp"
#include "reconcile/grant_latency.hpp"
#include "reconcile/key.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/request_reconciler.hpp"
#include "reconcile/stores.hpp"
#include "reconcile/triggers.hpp"
#include "records/writer.hpp"
#include "runtime/work_queue.hpp"
#include "telemetry/metrics.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// What is needed to reconcile requests, wired: what this process remembers of them, their limits, which
// change concerns which key; gather, decide, apply.
class Requests {
 public:
  struct Parts {
    kube::Client& client;
    kube::Client& endings;  // for calls that end access; exempt from the in-flight limit
    Stores& stores;
    records::Writer& audit;
    kube::EventRecorder& events;
    telemetry::Metrics& metrics;
    expiry::PendingDeletions& deletions;
    runtime::WorkQueue<Key>& queue;
    const Clock& clock;
    limits::RequestRateLimits rate_limits;
    core::Settings settings;
    std::function<bool()> may_grant;                              // this replica leads and is ready to decide
    std::function<core::GuardState()> guard;                      // as of now
    std::function<bool(const api::ObjectMeta& policy)> believes;  // as GuardWatch::believes
    // Called with the stored state of a request that this replica has completed.
    std::function<void(const api::AccessRequest&)> on_completed;
  };

  explicit Requests(const Parts& parts);

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop) {
    return reconciler_.reconcile(key, std::move(stop));
  }

  // Called by the requests' reflector for each change, before a reconcile uses it.
  void observe(const std::shared_ptr<const api::AccessRequest>& before,
               const std::shared_ptr<const api::AccessRequest>& after);
  // Called when leadership is lost.
  void end_term() { usage_.forget(); }

  Triggers& triggers() { return triggers_; }
  RequestNotes& notes() { return notes_; }
  DepartedRequests& departed() { return departed_; }

 private:
  RequestNotes notes_;
  DepartedRequests departed_;
  ExtensionIndex extensions_;
  Triggers triggers_;
  GrantLatency grant_latency_;
  limits::UsageIndex usage_;
  limits::RequestRateLimiter rate_limiter_;
  Gatherer gatherer_;
  Failures failures_;
  RecordExecutor records_;
  BindingExecutor bindings_;
  StatusExecutor status_;
  EventExecutor events_;
  Applier applier_;
  RequestReconciler reconciler_;
};

}  // namespace curfew::reconcile
