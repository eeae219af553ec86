#pragma once

#include "reconcile/gather.hpp"
#include "reconcile/triggers.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"
#include "unit/support/paths.hpp"

namespace curfew::testing {

// A gatherer with all that it reads and a fake API server.
struct GatherFixture {
  FakeApi api;
  kube::Client client{api};
  reconcile::Stores stores;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  reconcile::ExtensionIndex extensions;
  expiry::PendingDeletions deletions;
  ManualClock clock;
  limits::UsageIndex usage{stores.requests, stores.bindings,
                           [this](const std::string& uid) { return notes.of(uid).granted != nullptr; },
                           client};
  limits::RequestRateLimiter floods{clock, {.requester = {.pending = 2, .qps = 1, .burst = 100}}};
  reconcile::Gatherer gatherer{{.stores = stores,
                                .usage = usage,
                                .floods = floods,
                                .notes = notes,
                                .departed = departed,
                                .extensions = extensions,
                                .deletions = deletions,
                                .client = client,
                                .clock = clock}};
  const api::ObjectKey key = request().metadata.key();

  Result<std::optional<core::Input>> gather() {
    return gatherer.gather(key, {.in_force = true, .since = {}, .difference = {}}, {});
  }
  void begin_term() {
    runtime::WorkQueue<reconcile::Key> queue{clock};
    reconcile::Triggers(queue, stores, notes, departed, extensions, clock, [] { return true; }).begin_term();
  }
  // The request left the selection of live ones; this is its last known state.
  void depart(const api::AccessRequest& last) { departed.add(shared(last)); }
};

}  // namespace curfew::testing
