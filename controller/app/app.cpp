#include "app/app.hpp"

#include <optional>
#include <thread>

#include "app/modules.hpp"
#include "core/describe.hpp"
#include "housekeeping/removal.hpp"
#include "reconcile/facts.hpp"
#include "util/log.hpp"

namespace curfew::app {

struct App::Impl : Modules {
  using Modules::Modules;

  void add_watches();
  void add_health_checks();
  void sample(telemetry::Metrics& m) const;

  bool is_started = false;
};

void App::Impl::add_watches() {
  store_watches.add_to(watches);
  guard.add_watches(watches);
  if (config.leader_elect) election.add_watch(watches);
}

void App::Impl::sample(telemetry::Metrics& m) const {
  m.set_queue_depth(queue.size());
  m.set_requests(reconcile::live_requests(stores));
  const auto reviews = reconcile::count_reviews(stores, clock.now());
  m.set_reviews(reviews.pending, reviews.overdue);
  m.set_active_grants(stores.bindings.size());
  m.set_bindings_past_end(expiry.past_end());
  m.set_leader(is_leader());
  m.set_guard_in_force(guard.watch().state().in_force);
}

void App::Impl::add_health_checks() {
  endpoints.add_live_check("threads", [this] { return watchdog.stuck(); });
  endpoints.add_ready_check("stores", [this]() -> std::optional<std::string> {
    const auto resources = stores.unsynced();
    if (resources.empty()) return std::nullopt;
    return "the first list of " + core::joined(resources) + " is not complete yet";
  });
  endpoints.add_ready_check("api-server", [this]() -> std::optional<std::string> {
    if (clients.general.contact().in_contact()) return std::nullopt;
    return "the API server cannot be reached";
  });
  endpoints.add_ready_check("guard", [this] { return guard.watch().difference(); });
}

App::App(const Config& config) : impl_(std::make_unique<Impl>(config)) {}

// In the reverse of start().
App::~App() {
  Impl& impl = *impl_;
  impl.election.stop();  // first: releases the lease, so that another replica takes over meanwhile
  impl.leadership.stop();
  impl.watches.request_stop();
  impl.housekeeping.request_stop();
  impl.reconcilers.stop();
  impl.expiry.stop();
  impl.housekeeping.stop();
  impl.watches.stop();
  impl.event_poster = {};
  impl.endpoints.stop();
  if (impl.is_started) log::info("stopped");
}

void App::serve() {
  Impl& impl = *impl_;
  impl.metrics.before_render([&impl](telemetry::Metrics& m) { impl.sample(m); });
  impl.add_health_checks();
  impl.endpoints.start(impl.config.metrics_address);
}

void App::await_api_server(const std::stop_token& stop) {
  check_access(impl_->clients.general, stop);
}

void App::start() {
  Impl& impl = *impl_;
  impl.is_started = true;
  log::info(
      "started",
      {{"version", kVersion}, {"identity", impl.identity}, {"metrics_address", impl.endpoints.address()}});

  impl.event_poster = std::jthread([&impl](const std::stop_token& stop) { impl.events.run(stop); });
  impl.housekeeping.start();
  impl.add_watches();
  impl.watches.start();
  impl.expiry.start();
  impl.reconcilers.start(impl.config.workers);
  if (impl.config.leader_elect)
    impl.election.start();
  else
    impl.leadership.start();
}

std::string App::metrics_address() const {
  return impl_->endpoints.address();
}

std::optional<std::string> App::access_left() const {
  const Impl& impl = *impl_;
  if (!impl.may_grant()) return "this process does not hold the Lease yet";
  if (!impl.election.is_sole_leader())
    return "the replica that held the Lease before may not have noticed yet";
  if (auto left = housekeeping::access_left(impl.stores, impl.clock.now())) return left;
  if (impl.queue.size() > 0) return "requests are still being looked at";
  return std::nullopt;
}

}  // namespace curfew::app
