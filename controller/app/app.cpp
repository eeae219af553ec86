#include "app/app.hpp"

#include <unistd.h>

#include <optional>
#include <thread>
#include <vector>

#include "api/names.hpp"
#include "app/clients.hpp"
#include "app/connect.hpp"
#include "app/leadership.hpp"
#include "app/lease_store.hpp"
#include "app/version.hpp"
#include "expiry/revoker.hpp"
#include "guard/watch.hpp"
#include "housekeeping/audit_backfill.hpp"
#include "housekeeping/retention.hpp"
#include "housekeeping/unmanaged_bindings.hpp"
#include "http/server.hpp"
#include "kube/event_recorder.hpp"
#include "kube/pause.hpp"
#include "kube/reflector.hpp"
#include "kube/server_clock.hpp"
#include "reconcile/apply.hpp"
#include "reconcile/decoders.hpp"
#include "reconcile/facts.hpp"
#include "reconcile/gather.hpp"
#include "reconcile/policy_reconciler.hpp"
#include "reconcile/request_reconciler.hpp"
#include "reconcile/triggers.hpp"
#include "runtime/health.hpp"
#include "runtime/leader_elector.hpp"
#include "runtime/work_queue.hpp"
#include "runtime/worker.hpp"
#include "telemetry/metrics.hpp"
#include "util/log.hpp"

namespace curfew::app {
namespace {

constexpr std::chrono::milliseconds kBacklogRecheck{50};
constexpr std::chrono::milliseconds kPoll{20};
// A requester waits at most this long after the API server has recovered, however long the outage lasted.
constexpr runtime::RetryDelays kReconcileRetries{.longest = std::chrono::seconds(4)};

// The Pod's name and a suffix unique to this process: two replicas of one name would both lead.
std::string make_identity() {
  char host[256] = "curfew";
  ::gethostname(host, sizeof host - 1);
  std::random_device random;
  return std::string(host) + "_" + std::to_string(::getpid()) + "_" + std::to_string(random());
}

kube::Resource admission(const char* plural, const char* kind) {
  return {.path = "/apis/admissionregistration.k8s.io/v1", .plural = plural, .kind = kind};
}

kube::Resource kinds() {
  return {.path = "/apis/apiextensions.k8s.io/v1",
          .plural = "customresourcedefinitions",
          .kind = "CustomResourceDefinition"};
}

}  // namespace

struct App::Impl {
  explicit Impl(const Config& c)
      : config(c), identity(make_identity()), clients(connect(c), c.max_in_flight, metrics, clock) {}

  bool is_leader() const { return !config.leader_elect || elector.is_leader(); }
  bool may_grant() const { return leadership.is_ready() && is_leader(); }
  runtime::Outcome reconcile(const reconcile::Key& key, std::stop_token stop) {
    if (!may_grant()) return {};  // the next leader reconciles everything
    if (revoker.has_backlog()) return {.after = kBacklogRecheck};
    switch (key.kind) {
      case reconcile::Key::Kind::Request: return requests.reconcile(key.object, std::move(stop));
      case reconcile::Key::Kind::Policy: return policies.reconcile(key.object, std::move(stop));
      case reconcile::Key::Kind::Binding: return unmanaged_bindings.reconcile(key.object, std::move(stop));
    }
    return {};
  }

  void add_health_checks();
  void start_server();
  template <class T>
  std::shared_ptr<kube::Reflector<T>> reflector(kube::Store<T>& store, kube::ReflectorConfig<T> settings);
  template <class T>
  void keep_current(kube::Store<T>& store, kube::ReflectorConfig<T> settings);
  template <class T>
  kube::ReflectorConfig<T> config_for(kube::Resource resource, Result<T> (*decode)(const nlohmann::json&),
                                      kube::Selection selection);
  template <class T>
  void watch(kube::Store<T>& store, Result<T> (*decode)(const nlohmann::json&),
             kube::Selection selection = {});
  std::shared_ptr<kube::Reflector<reconcile::RoleSummary>> roles_reflector();
  void watch_roles();
  void watch_guard(const kube::Resource& resource, kube::Store<guard::GuardObject>& store,
                   const kube::Selection& selection = {});
  void watch_lease();
  template <class Run>
  void thread(Run run) {
    threads.emplace_back([run = std::move(run)](std::stop_token stop) { run(std::move(stop)); });
  }

  const Config config;
  const std::string identity;
  SystemClock machine_clock;
  telemetry::Metrics metrics{kVersion};
  kube::ServerClock clock{machine_clock,
                          [this](std::chrono::microseconds offset) { metrics.set_clock_offset(offset); }};
  runtime::Health health;
  Clients clients;

  reconcile::Stores stores;
  kube::Store<guard::GuardObject> guard_policies;
  kube::Store<guard::GuardObject> guard_bindings;
  kube::Store<guard::GuardObject> guard_kinds;
  kube::Store<api::Lease> leases;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  expiry::PendingDeletions deletions;
  runtime::WorkQueue<reconcile::Key> queue{clock, kReconcileRetries};
  kube::EventRecorder events{clients.general, identity, [this] { metrics.event_dropped(); },
                             [this] { return queue.size() > 0 || revoker.has_backlog(); }};
  audit::Writer audit{clients.general};

  guard::GuardWatch guard{[this] { return guard::shipped_guard(config.eligibility_policy); }, clock,
                          [this] { leadership.guard_changed(); }};
  guard::GuardLedgerStore ledgers{clients.general, config.ns};
  reconcile::Triggers triggers{queue, stores, notes, departed, [this] { return may_grant(); }};
  housekeeping::AuditBackfill sweep{clients.general, stores, notes, triggers};
  housekeeping::Retention retention{
      {.client = clients.general, .clock = clock, .keep = config.completed_request_ttl, .is_leading = [this] {
         return may_grant();
       }}};
  Leadership leadership{{.ledgers = ledgers,
                         .guard = guard,
                         .sweep = sweep,
                         .retention = retention,
                         .triggers = triggers,
                         .stores_synced = [this] {
                           return stores.synced() && guard_policies.synced() && guard_bindings.synced() &&
                                  guard_kinds.synced();
                         }}};
  ClientLeaseStore lease_store{clients.lease, {config.ns, std::string(api::kLeaseName)}};
  runtime::LeaderElector elector{lease_store,
                                 clock,
                                 {config.ns, std::string(api::kLeaseName)},
                                 identity,
                                 {.on_started_leading = [this] { leadership.start(); },
                                  .on_stopped_leading =
                                      [this] {
                                        leadership.stop();
                                        usage.forget();
                                      }},
                                 config.election,
                                 config.end_all ? std::optional(config.end_all->vacancy) : std::nullopt};

  reconcile::GrantLatency grant_latency{clock,
                                        [this](std::chrono::microseconds took) { metrics.grant_took(took); }};
  limits::UsageIndex usage{stores.requests, stores.bindings,
                           [this](const std::string& uid) { return notes.of(uid).granted != nullptr; },
                           clients.general};
  limits::RequestRateLimiter floods{clock, config.flood_limits};
  reconcile::Gatherer gatherer{
      {.stores = stores,
       .usage = usage,
       .floods = floods,
       .notes = notes,
       .departed = departed,
       .deletions = deletions,
       .client = clients.general,
       .clock = clock,
       .settings = {.ends_all = config.end_all.has_value()},
       .believes = [this](const api::ObjectMeta& policy) { return guard.believes(policy); }}};
  reconcile::Applier applier{
      {.client = clients.general,
       .endings = clients.endings,
       .audit = audit,
       .events = events,
       .stores = stores,
       .notes = notes,
       .departed = departed,
       .deletions = deletions,
       .usage = usage,
       .floods = floods,
       .metrics = metrics,
       .grant_latency = grant_latency,
       .clock = clock,
       .may_grant = [this] { return may_grant(); },
       .on_completed = [this](const api::AccessRequest& request) { retention.completed(request); }}};
  reconcile::RequestReconciler requests{{.stores = stores,
                                         .gatherer = gatherer,
                                         .applier = applier,
                                         .metrics = metrics,
                                         .guard = [this] { return guard.state(); },
                                         .look_again =
                                             [this](const api::ObjectKey& key) {
                                               queue.add(
                                                   {.kind = reconcile::Key::Kind::Request, .object = key});
                                             }}};
  housekeeping::UnmanagedBindings unmanaged_bindings{
      {.audit = audit,
       .client = clients.general,
       .endings = clients.endings,
       .stores = stores,
       .notes = notes,
       .departed = departed,
       .deletions = deletions,
       .metrics = metrics,
       .clock = clock,
       .on_departed = [this](std::shared_ptr<const api::AccessRequest> last_state) {
         triggers.departed(std::move(last_state));
       }}};
  reconcile::PolicyReconciler policies{
      clients.general, events, stores,
      metrics,         clock,  [this](const api::ObjectMeta& policy) { return guard.believes(policy); }};
  expiry::Revoker revoker{
      {.client = clients.endings,
       .bindings = stores.bindings,
       .deletions = deletions,
       .on_ended = [this](std::chrono::microseconds past_end) { metrics.revocation_was_late(past_end); },
       .on_failed = [this](ErrorKind kind) { metrics.reconcile_failed(kind); },
       .clock = clock,
       .is_leader = [this] { return is_leader(); }}};

  const std::shared_ptr<kube::Reflector<reconcile::RoleSummary>> roles = roles_reflector();

  // In start order; they stop in reverse order.
  std::optional<http::Server> server;
  std::jthread event_poster;  // outlives every thread that records Events
  std::vector<std::jthread> threads;
  std::optional<runtime::Workers<api::ObjectKey>> ending_workers;
  std::optional<runtime::Workers<api::ObjectKey>> patient_workers;
  std::optional<runtime::Workers<reconcile::Key>> workers;
  std::jthread election;
};

template <class T>
std::shared_ptr<kube::Reflector<T>> App::Impl::reflector(kube::Store<T>& store,
                                                         kube::ReflectorConfig<T> settings) {
  settings.on_watch_failed = [this, resource = settings.resource.plural] {
    metrics.watch_restarted(resource);
  };
  return std::make_shared<kube::Reflector<T>>(clients.general, store, std::move(settings));
}

template <class T>
void App::Impl::keep_current(kube::Store<T>& store, kube::ReflectorConfig<T> settings) {
  thread([reflector = reflector(store, std::move(settings))](std::stop_token stop) {
    reflector->run(std::move(stop));
  });
}

template <class T>
kube::ReflectorConfig<T> App::Impl::config_for(kube::Resource resource,
                                               Result<T> (*decode)(const nlohmann::json&),
                                               kube::Selection selection) {
  kube::ReflectorConfig<T> settings{
      .resource = std::move(resource), .selection = std::move(selection), .decode = decode};
  settings.on_change = [this](const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after) {
    if constexpr (std::is_same_v<T, api::RoleBinding>) revoker.observe(before, after);
    if constexpr (std::is_same_v<T, api::AccessRequest>) {
      grant_latency.observe(before, after);
      floods.observe(before, after);
    }
    if constexpr (std::is_same_v<T, api::AccessPolicy>) {
      if (guard.observe_policy((after ? after : before)->metadata.name, after ? &after->metadata : nullptr))
        leadership.ledger_changed();
      if (after && stores.offered_roles.offer(*after)) roles->relist();
    }
    triggers.changed(before, after);
  };
  return settings;
}

template <class T>
void App::Impl::watch(kube::Store<T>& store, Result<T> (*decode)(const nlohmann::json&),
                      kube::Selection selection) {
  keep_current(store, config_for<T>(kube::resource_of<T>(), decode, std::move(selection)));
}

// Starts after the first list of policies, because only Roles that policies offer are kept.
void App::Impl::watch_roles() {
  thread([this](const std::stop_token& stop) {
    while (!stores.policies.synced() && !stop.stop_requested()) kube::pause(kPoll, stop);
    roles->run(stop);
  });
}

std::shared_ptr<kube::Reflector<reconcile::RoleSummary>> App::Impl::roles_reflector() {
  auto settings =
      config_for<reconcile::RoleSummary>(kube::resource_of<api::Role>(), reconcile::decode_role, {});
  settings.is_wanted = [this](const api::ObjectKey& key) {
    return stores.offered_roles.is_offered(key.name);
  };
  settings.on_list_began = [this] { stores.offered_roles.list_began(stores.policies.list()); };
  settings.on_list_complete = [this] { stores.offered_roles.list_complete(); };
  return reflector(stores.roles, std::move(settings));
}

void App::Impl::watch_guard(const kube::Resource& resource, kube::Store<guard::GuardObject>& store,
                            const kube::Selection& selection) {
  const auto kind = resource.kind;
  keep_current(
      store,
      kube::ReflectorConfig<guard::GuardObject>{
          .resource = resource,
          .selection = selection,
          .decode = [this, kind](const nlohmann::json& json) { return guard.decode(kind, json); },
          .is_wanted = [this, kind](const api::ObjectKey& key) { return guard.concerns(kind, key.name); },
          .on_change =
              [this, kind](const auto& before, const auto& after) {
                guard.observe(kind, (after ? after : before)->metadata.name, after);
              }});
}

void App::Impl::watch_lease() {
  auto settings = kube::reflector_config<api::Lease>(
      {.ns = config.ns, .fields = "metadata.name=" + std::string(api::kLeaseName)});
  settings.on_change = [this](const auto&, const auto& after) {
    if (after) elector.observe(*after);
  };
  keep_current(leases, std::move(settings));
}

void App::Impl::add_health_checks() {
  health.add_live_check("process", [] { return std::optional<std::string>(); });
  health.add_ready_check("stores", [this]() -> std::optional<std::string> {
    if (stores.synced()) return std::nullopt;
    return "the first lists are not complete yet";
  });
  health.add_ready_check("api-server", [this]() -> std::optional<std::string> {
    if (clients.general.contact().in_contact()) return std::nullopt;
    return "the API server cannot be reached";
  });
  health.add_ready_check("guard", [this] { return guard.difference(); });
}

void App::Impl::start_server() {
  metrics.before_render([this](telemetry::Metrics& m) {
    m.set_queue_depth(queue.size());
    m.set_requests(reconcile::live_requests(stores));
    m.set_active_grants(stores.bindings.size());
    m.set_bindings_past_end(revoker.past_end());
    m.set_leader(is_leader());
    m.set_guard_in_force(guard.state().in_force);
  });
  const auto page = [](const runtime::Health::Report& report) {
    return http::Page{.status = report.status_code(), .body = report.text};
  };
  server.emplace(config.metrics_address,
                 std::map<std::string, http::Server::Route>{
                     {"/metrics",
                      [this] {
                        return http::Page{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                                          .body = metrics.render()};
                      }},
                     {"/healthz", [this, page] { return page(health.live()); }},
                     {"/readyz", [this, page] { return page(health.ready()); }}});
}

App::App(const Config& config) : impl_(std::make_unique<Impl>(config)) {
  check_access(impl_->clients.general);
}

App::~App() {
  Impl& impl = *impl_;
  const bool was_started = impl.server.has_value();
  impl.election = {};  // first: releases the lease, so that another replica takes over meanwhile
  impl.leadership.stop();
  for (std::jthread& thread : impl.threads) thread.request_stop();
  impl.workers.reset();
  impl.ending_workers.reset();
  impl.patient_workers.reset();
  impl.threads.clear();
  impl.event_poster = {};
  impl.server.reset();
  if (was_started) log::info("stopped");
}

void App::start() {
  Impl& impl = *impl_;
  impl.add_health_checks();
  impl.start_server();
  log::info(
      "started",
      {{"version", kVersion}, {"identity", impl.identity}, {"metrics_address", impl.server->address()}});

  impl.event_poster = std::jthread([&impl](const std::stop_token& stop) { impl.events.run(stop); });
  impl.thread([&impl](std::stop_token stop) { impl.revoker.run(std::move(stop)); });
  impl.thread([&impl](const std::stop_token& stop) { impl.retention.run(stop); });
  impl.watch(impl.stores.bindings, reconcile::decode_binding, {.labels = std::string(api::kRequestUidLabel)});
  impl.watch(impl.stores.requests, reconcile::decode_request, {.fields = "status.complete!=true"});
  impl.watch(impl.stores.policies, reconcile::decode_policy);
  impl.watch(impl.stores.namespaces, reconcile::decode_namespace);
  impl.keep_current(impl.stores.cluster_roles,
                    impl.config_for<reconcile::RoleSummary>(kube::resource_of<api::ClusterRole>(),
                                                            reconcile::decode_cluster_role, {}));
  impl.watch_roles();
  impl.watch_guard(admission("validatingadmissionpolicies", "ValidatingAdmissionPolicy"),
                   impl.guard_policies);
  impl.watch_guard(admission("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"),
                   impl.guard_bindings);
  impl.watch_guard(kinds(), impl.guard_kinds, {.labels = "app.kubernetes.io/name=curfew"});
  impl.ending_workers.emplace(
      impl.revoker.queue(),
      [&impl](const api::ObjectKey& key, std::stop_token stop) {
        return impl.revoker.end(key, std::move(stop));
      },
      expiry::Revoker::kWorkers);
  impl.patient_workers.emplace(
      impl.revoker.patient_queue(),
      [&impl](const api::ObjectKey& key, std::stop_token stop) {
        return impl.revoker.end_without_hurry(key, std::move(stop));
      },
      expiry::Revoker::kWorkers);
  impl.workers.emplace(
      impl.queue,
      [&impl](const reconcile::Key& key, std::stop_token stop) {
        return impl.reconcile(key, std::move(stop));
      },
      impl.config.workers, runtime::WorkerHooks{.on_panic = [&impl] { impl.metrics.worker_panicked(); }});
  if (!impl.config.leader_elect) {
    impl.leadership.start();
    return;
  }
  impl.watch_lease();
  impl.election = std::jthread([&impl](const std::stop_token& stop) { impl.elector.run(stop); });
}

std::string App::metrics_address() const {
  return impl_->server->address();
}

std::optional<std::string> App::access_left() const {
  const Impl& impl = *impl_;
  if (!impl.may_grant()) return "this process does not hold the Lease yet";
  if (!impl.elector.is_sole_leader())
    return "the replica that held the Lease before may not have noticed yet";
  std::size_t bindings = 0;
  std::string one;
  for (const auto& binding : impl.stores.bindings.list()) {
    if (!expiry::end_of(*binding, impl.clock.now())) continue;
    ++bindings;
    one = api::to_string(binding->metadata.key());
  }
  if (bindings > 0)
    return "RoleBindings that are still there: " + std::to_string(bindings) + ", one of them " + one;
  for (const auto& request : impl.stores.requests.list()) {
    if (request->status.phase == api::Phase::Active)
      return "the end of " + api::to_string(request->metadata.key()) + " is not recorded yet";
  }
  if (impl.queue.size() > 0) return "requests are still being looked at";
  return std::nullopt;
}

}  // namespace curfew::app
