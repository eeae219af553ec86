#include "reconcile/requests.hpp"

namespace curfew::reconcile {

Requests::Requests(const Parts& parts)
    : triggers_(parts.queue, parts.stores, notes_, departed_, extensions_, parts.clock, parts.may_grant),
      grant_latency_(parts.clock, [&metrics = parts.metrics](auto took) { metrics.grant_took(took); }),
      usage_(
          parts.stores.requests, parts.stores.bindings,
          [this](const std::string& uid) { return notes_.of(uid).granted != nullptr; }, parts.client),
      rate_limiter_(parts.clock, parts.rate_limits),
      gatherer_({.stores = parts.stores,
                 .usage = usage_,
                 .floods = rate_limiter_,
                 .notes = notes_,
                 .departed = departed_,
                 .extensions = extensions_,
                 .deletions = parts.deletions,
                 .client = parts.client,
                 .clock = parts.clock,
                 .settings = parts.settings,
                 .believes = parts.believes}),
      failures_(parts.metrics, notes_),
      records_({.client = parts.client,
                .audit = parts.audit,
                .notes = notes_,
                .usage = usage_,
                .floods = rate_limiter_,
                .failures = failures_,
                .clock = parts.clock}),
      bindings_({.client = parts.client,
                 .endings = parts.endings,
                 .stores = parts.stores,
                 .notes = notes_,
                 .deletions = parts.deletions,
                 .records = records_,
                 .grant_latency = grant_latency_,
                 .failures = failures_,
                 .clock = parts.clock}),
      status_({.client = parts.client,
               .stores = parts.stores,
               .notes = notes_,
               .departed = departed_,
               .metrics = parts.metrics,
               .failures = failures_,
               .floods = rate_limiter_,
               .on_completed = parts.on_completed}),
      events_(parts.events, notes_, parts.clock),
      applier_({.records = records_,
                .bindings = bindings_,
                .status = status_,
                .events = events_,
                .stores = parts.stores,
                .notes = notes_,
                .departed = departed_,
                .deletions = parts.deletions,
                .clock = parts.clock,
                .may_grant = parts.may_grant}),
      reconciler_({.stores = parts.stores,
                   .gatherer = gatherer_,
                   .applier = applier_,
                   .metrics = parts.metrics,
                   .guard = parts.guard,
                   .look_again = [&queue = parts.queue](const api::ObjectKey& key) {
                     queue.add({.kind = Key::Kind::Request, .object = key});
                   }}) {}

void Requests::observe(const std::shared_ptr<const api::AccessRequest>& before,
                       const std::shared_ptr<const api::AccessRequest>& after) {
  grant_latency_.observe(before, after);
  rate_limiter_.observe(before, after);
}

}  // namespace curfew::reconcile
