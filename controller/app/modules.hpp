#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "app/clients.hpp"
#include "app/config.hpp"
#include "app/connect.hpp"
#include "app/election.hpp"
#include "app/endpoints.hpp"
#include "app/identity.hpp"
#include "app/leadership.hpp"
#include "app/version.hpp"
#include "expiry/expiry.hpp"
#include "guard/guard.hpp"
#include "housekeeping/housekeeping.hpp"
#include "kube/event_recorder.hpp"
#include "kube/server_clock.hpp"
#include "kube/watches.hpp"
#include "reconcile/policy_reconciler.hpp"
#include "reconcile/reconcilers.hpp"
#include "reconcile/requests.hpp"
#include "reconcile/store_watches.hpp"
#include "records/writer.hpp"
#include "runtime/watchdog.hpp"
#include "runtime/work_queue.hpp"
#include "telemetry/metrics.hpp"
#include "util/clock.hpp"

namespace curfew::app {

// The modules of a replica, each built once, in the order in which they depend on each other. Nothing runs
// until App starts it.
struct Modules {
  explicit Modules(const Config& c)
      : config(c), identity(unique_identity()), clients(connect(c), c.max_in_flight, metrics, clock) {}

  bool is_leader() const { return !config.leader_elect || election.is_leader(); }
  // The resources that decisions need and whose first list is not complete yet.
  std::vector<std::string> unsynced() const {
    auto resources = stores.unsynced();
    std::ranges::move(guard.unsynced(), std::back_inserter(resources));
    return resources;
  }
  bool may_grant() const { return leadership.is_ready() && is_leader(); }

  // A requester waits at most this long after the API server has recovered, however long the outage lasted.
  static constexpr runtime::RetryDelays kReconcileRetries{.longest = std::chrono::seconds(4)};

  const Config config;
  const std::string identity;
  SystemClock machine_clock;
  telemetry::Metrics metrics{kVersion};
  kube::ServerClock clock{machine_clock, [this](auto offset) { metrics.set_clock_offset(offset); }};
  Clients clients;
  runtime::Watchdog watchdog{clock};
  reconcile::Stores stores;
  runtime::WorkQueue<reconcile::Key> queue{clock, kReconcileRetries};
  kube::EventRecorder events{clients.general, identity, [this] { metrics.event_dropped(); },
                             [this] { return queue.size() > 0 || expiry.has_backlog(); }};
  records::Writer audit{clients.general};

  expiry::Expiry expiry{{.client = clients.endings,
                         .bindings = stores.bindings,
                         .clock = clock,
                         .is_leader = [this] { return is_leader(); },
                         .on_ended = [this](auto past_end) { metrics.revocation_was_late(past_end); },
                         .on_failed = [this](ErrorKind kind) { metrics.reconcile_failed(kind); },
                         .watchdog = watchdog}};
  guard::Guard guard{clients.general, config.ns, config.eligibility_policy, clock,
                     [this] { leadership.guard_changed(); }};
  reconcile::Requests requests{
      {.client = clients.general,
       .endings = clients.endings,
       .stores = stores,
       .audit = audit,
       .events = events,
       .metrics = metrics,
       .deletions = expiry.deletions(),
       .queue = queue,
       .clock = clock,
       .rate_limits = config.flood_limits,
       .settings = {.ends_all = config.end_all.has_value(), .expiry_warning = config.expiry_warning},
       .may_grant = [this] { return may_grant(); },
       .guard = [this] { return guard.watch().state(); },
       .believes = [this](const api::ObjectMeta& policy) { return guard.watch().believes(policy); },
       .on_completed =
           [this](const api::AccessRequest& request) { housekeeping.retention().completed(request); }}};
  reconcile::RoleReviews role_reviews{clients.general, stores, clock};
  reconcile::PolicyReconciler policies{
      clients.general, events,
      stores,          metrics,
      clock,           [this](const api::ObjectMeta& policy) { return guard.watch().believes(policy); },
      &role_reviews};
  housekeeping::Housekeeping housekeeping{{.client = clients.general,
                                           .endings = clients.endings,
                                           .audit = audit,
                                           .stores = stores,
                                           .requests = requests,
                                           .deletions = expiry.deletions(),
                                           .metrics = metrics,
                                           .clock = clock,
                                           .keep = config.completed_request_ttl,
                                           .is_leading = [this] { return may_grant(); }}};
  Leadership leadership{{.ledgers = guard.ledgers(),
                         .guard = guard.watch(),
                         .sweep = housekeeping.backfill(),
                         .retention = housekeeping.retention(),
                         .triggers = requests.triggers(),
                         .unsynced = [this] { return unsynced(); },
                         .resync_interval = config.resync_interval}};
  Election election{clients.lease,
                    clock,
                    config,
                    identity,
                    {.on_started_leading = [this] { leadership.start(); },
                     .on_stopped_leading =
                         [this] {
                           const auto task = watchdog.begin("the end of leadership");
                           leadership.stop();
                           requests.end_term();
                           role_reviews.end_term();
                         }}};
  reconcile::StoreWatches store_watches{
      stores,
      requests.triggers(),
      {.request =
           [this](const auto& before, const auto& after) {
             const auto task = watchdog.begin("the watch of accessrequests");
             requests.observe(before, after);
           },
       .policy =
           [this](const auto& before, const auto& after) {
             const auto task = watchdog.begin("the watch of accesspolicies");
             leadership.observe_policy(before, after);
           },
       .binding =
           [this](const auto& before, const auto& after) {
             const auto task = watchdog.begin("the watch of rolebindings");
             expiry.observe(before, after);
           }}};
  reconcile::Reconcilers reconcilers{
      {.queue = queue,
       .by_kind = {{reconcile::Key::Kind::Request,
                    [this](const auto& key, auto stop) { return requests.reconcile(key, stop); }},
                   {reconcile::Key::Kind::Policy,
                    [this](const auto& key, auto stop) { return policies.reconcile(key, stop); }},
                   {reconcile::Key::Kind::Binding,
                    [this](const auto& key, auto stop) {
                      return housekeeping.unmanaged_bindings().reconcile(key, stop);
                    }}},
       .may_decide = [this] { return may_grant(); },
       .must_yield = [this] { return expiry.has_backlog(); },
       .on_panic = [this] { metrics.worker_panicked(); },
       .watchdog = &watchdog}};
  kube::Watches watches{clients.general, [this](auto resource) { metrics.watch_restarted(resource); }};
  Endpoints endpoints{metrics};
  std::jthread event_poster;  // outlives every thread that records Events
};

}  // namespace curfew::app
