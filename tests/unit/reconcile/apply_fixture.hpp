#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/decide/binding.hpp"
#include "reconcile/apply.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"
#include "unit/support/paths.hpp"

namespace curfew::testing {

inline const TimePoint kExpiresAt = *parse_rfc3339("2026-11-24T21:00:00Z");

// An applier with all its dependencies and a fake API server.
struct ApplierFixture {
  FakeApi api;
  kube::Client client{api};
  records::Writer audit{client};
  kube::EventRecorder events{client, "test"};
  reconcile::Stores stores;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  expiry::PendingDeletions deletions;
  telemetry::Metrics metrics{"test"};
  ManualClock clock;
  std::vector<std::chrono::microseconds> latencies;
  reconcile::GrantLatency grant_latency{
      clock, [this](std::chrono::microseconds took) { latencies.push_back(took); }};
  bool may_grant = true;
  limits::UsageIndex usage{stores.requests, stores.bindings,
                           [this](const std::string& uid) { return notes.of(uid).granted != nullptr; },
                           client};
  limits::RequestRateLimiter floods{clock, {}};
  reconcile::Failures failures{metrics, notes};
  reconcile::RecordExecutor records{{.client = client,
                                     .audit = audit,
                                     .notes = notes,
                                     .usage = usage,
                                     .floods = floods,
                                     .failures = failures,
                                     .clock = clock}};
  reconcile::BindingExecutor bindings{{.client = client,
                                       .endings = client,
                                       .stores = stores,
                                       .notes = notes,
                                       .deletions = deletions,
                                       .records = records,
                                       .grant_latency = grant_latency,
                                       .failures = failures,
                                       .clock = clock}};
  reconcile::StatusExecutor statuses{{.client = client,
                                      .stores = stores,
                                      .notes = notes,
                                      .departed = departed,
                                      .metrics = metrics,
                                      .failures = failures,
                                      .floods = floods,
                                      .on_completed = {}}};
  reconcile::EventExecutor event_executor{events, notes, clock};
  reconcile::Applier applier{{.records = records,
                              .bindings = bindings,
                              .status = statuses,
                              .events = event_executor,
                              .stores = stores,
                              .notes = notes,
                              .departed = departed,
                              .deletions = deletions,
                              .clock = clock,
                              .may_grant = [this] { return may_grant; }}};

  bool has_counted(ErrorKind kind, int times = 1) {
    const auto line = std::string("\ncurfew_reconcile_errors_total{kind=\"") + to_string(kind) + "\"} " +
                      std::to_string(times) + "\n";
    return metrics.render().find(line) != std::string::npos;
  }
};

// The parts of a decision to grant that concern this layer.
struct ApplyFixture : ApplierFixture {
  core::Input input;

  ApplyFixture() {
    notes.know_all_records();
    const auto stored = api.put(request_in(api::Phase::Pending));
    input.request = deliver(stores.requests, stored);
    grant_latency.observe(nullptr, input.request);
  }

  runtime::Outcome apply(std::vector<core::Action> actions, std::optional<TimePoint> wake_at = {},
                         std::stop_token stop = {}) {
    const auto next = input.request_is_gone
                          ? core::NextLook::never()
                          : core::NextLook::at_or_on_change(wake_at, core::Watched::Request);
    return applier.apply(input, {.actions = std::move(actions), .next = next}, std::move(stop));
  }
  core::WriteRecord granted_record(TimePoint expires_at = kExpiresAt) const {
    auto granted = record(api::AuditAction::Granted);
    granted.granted_at = expires_at - std::chrono::hours(1);
    granted.expires_at = expires_at;
    granted.binding = api::RecordedBinding{.name = std::string("curfew-") + kUid, .uid = {}};
    granted.role = api::RoleRef{.kind = "ClusterRole", .name = "view"};
    granted.subject = api::Subject{.kind = "User", .name = "alice", .ns = {}};
    return {granted};
  }
  core::CreateBinding grant() const {
    return {{.scope = {.namespaces = {"payments"}},
             .role = {.kind = "ClusterRole", .name = "view"},
             .subject = {.kind = "User", .name = "alice", .ns = {}},
             .span = {.granted_at = kExpiresAt - std::chrono::hours(1), .expires_at = kExpiresAt},
             .approved_by = {}}};
  }
  // As grant() creates it.
  api::RoleBinding granted_binding() const {
    auto made = core::binding_for(*input.request, grant().grant, "payments");
    made.metadata.uid = deletion().binding.uid;
    return made;
  }
  core::UpdateStatus status(api::Phase phase) const { return {request_in(phase).status}; }
  std::vector<core::Action> granting() const {
    return {core::WriteRecord{record(api::AuditAction::Approved)}, grant(), granted_record(),
            status(api::Phase::Active)};
  }
  core::DeleteBinding deletion() const {
    return {{.kind = std::string(api::RoleBinding::kKind),
             .ns = "payments",
             .name = std::string("curfew-") + kUid,
             .uid = std::string("binding-of-") + kUid}};
  }
};

}  // namespace curfew::testing
