#include "reconcile/policy_reconciler.hpp"
#include "reconcile/request_reconciler.hpp"
#include "unit/reconcile/apply_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

namespace {

// Both reconcilers with a fake API server.
struct ReconcilersFixture : ApplierFixture {
  reconcile::ExtensionIndex extensions;
  reconcile::Gatherer gatherer{{.stores = stores,
                                .usage = usage,
                                .floods = floods,
                                .notes = notes,
                                .departed = departed,
                                .extensions = extensions,
                                .deletions = deletions,
                                .client = client,
                                .clock = clock}};
  reconcile::RequestReconciler requests{
      {.stores = stores,
       .gatherer = gatherer,
       .applier = applier,
       .metrics = metrics,
       .guard = [] { return core::GuardState{.in_force = true, .since = {}, .difference = {}}; },
       .look_again = [](const api::ObjectKey&) {}}};
  reconcile::PolicyReconciler policies{client, events, stores, metrics, clock};
};

}  // namespace

TEST_CASE("a request that cannot be read is tried again, and the error counted") {
  ReconcilersFixture f;
  f.departed.add(shared(request()));
  f.api.fail("GET", {.kind = ErrorKind::Timeout, .message = "no answer"});
  CHECK(f.requests.reconcile(request().metadata.key(), {}).kind == Kind::RetryRateLimited);
  CHECK(f.has_counted(ErrorKind::Timeout, 1));
}

TEST_CASE("a policy's status that is not written is tried again, and the error counted") {
  ReconcilersFixture f;
  const auto stored = deliver(f.stores.policies, f.api.put(policy_with({})));
  SECTION("trouble") {
    f.api.fail("PATCH", 503, "ServiceUnavailable", "etcd is away");
    CHECK(f.policies.reconcile(stored->metadata.key(), {}).kind == Kind::RetryRateLimited);
    CHECK(f.has_counted(ErrorKind::Unavailable, 1));
  }
  SECTION("deleted meanwhile: neither") {
    f.api.fail("PATCH", 404, "NotFound", "gone");
    CHECK(f.policies.reconcile(stored->metadata.key(), {}).kind == Kind::Done);
    CHECK(f.has_counted(ErrorKind::NotFound, 0));
  }
}

TEST_CASE("extensions of one person under one policy are decided one after the other, limits or not") {
  ReconcilersFixture f;
  deliver(f.stores.policies, policy_with({}));
  auto asked = request();
  asked.spec.extends = "first";
  deliver(f.stores.requests, asked);
  runtime::Outcome meanwhile;
  f.api.fail("POST", {.kind = ErrorKind::Timeout, .message = "no answer"});
  f.api.on_call = [&](const std::string&) { meanwhile = f.requests.reconcile(asked.metadata.key(), {}); };
  f.requests.reconcile(asked.metadata.key(), {});
  CHECK_FALSE(f.api.calls().empty());
  CHECK(meanwhile.kind == Kind::Done);
  CHECK(meanwhile.after == 1s);  // nobody else decides while the first decision is carried out
}
