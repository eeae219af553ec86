#include "reconcile/policy_reconciler.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include "unit/reconcile/reconcile_test.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "unit/support/fake_api.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

const api::ObjectKey kKey{{}, "payments-debug"};
const std::string kStatusPath = "/apis/curfew.dev/v1alpha1/accesspolicies/payments-debug/status";

// A valid policy for ClusterRole view; the watches have delivered both.
struct PolicyReconcilerFixture {
  FakeApi api;
  kube::Client client{api};
  kube::EventRecorder events{client, "test"};
  reconcile::Stores stores;
  telemetry::Metrics metrics{"test"};
  ManualClock clock;
  reconcile::PolicyReconciler policies{client, events, stores, metrics, clock};

  PolicyReconcilerFixture() {
    auto policy = policy_with(nlohmann::json::parse(R"({
      "requesters": [{"kind": "Group", "name": "developers"}],
      "roles": [{"kind": "ClusterRole", "name": "view"}],
      "namespaces": {"names": ["payments"]},
      "duration": {"max": "1h"},
      "approval": {"required": 0}})"));
    policy.metadata.generation = 3;
    deliver(stores.policies, api.put(policy));
    make_role();
  }

  runtime::Outcome reconcile() { return policies.reconcile(kKey, {}); }
  void make_role() {
    deliver(stores.cluster_roles, reconcile::summary_of(role_named<api::ClusterRole>("view")));
  }
  void delete_role() { take_away(stores.cluster_roles, {"", "view"}); }
  api::AccessPolicyStatus stored_status() {
    return api::decode<api::AccessPolicy>(api.get<api::AccessPolicy>(kKey))->status;
  }
  std::string ready() {
    const auto status = stored_status();
    const auto* condition = api::find_condition(status.conditions, api::kReady);
    return condition == nullptr ? "none" : condition->status + " " + condition->reason;
  }

  // The Events recorded since the last call: "TYPE REASON on NAME". The recorder waits for more forever, so a
  // last Event of our own stops it.
  Calls new_events() {
    constexpr const char* kLast = "Last";
    api::Event last;
    last.reason = kLast;
    events.record(last);
    Calls seen;
    std::stop_source stop;
    api.on_call = [&](const std::string&) {
      const auto body = api.last_body();
      if (body["reason"] == kLast)
        stop.request_stop();
      else
        seen.push_back(body.value("type", "") + " " + body.value("reason", "") + " on " +
                       body["regarding"].value("name", ""));
    };
    events.run(stop.get_token());
    api.on_call = nullptr;
    api.forget_calls();
    return seen;
  }
};

}  // namespace

TEST_CASE("a policy's first look is written to its status, against what was looked at") {
  PolicyReconcilerFixture f;
  CHECK(f.reconcile().kind == Kind::Done);
  CHECK(f.api.calls() == Calls{"PATCH " + kStatusPath});
  CHECK(f.api.last_body()["metadata"]["resourceVersion"] == "1001");
  CHECK(f.ready() == "True Ready");
  CHECK(f.stored_status().observed_generation == 3);
}

TEST_CASE(
    "a policy about which nothing is new is not written, whether or not the watch has brought our write") {
  PolicyReconcilerFixture f;
  f.reconcile();
  f.api.forget_calls();
  f.clock.advance(1h);
  SECTION("not yet") {}
  SECTION("it has") {
    deliver(f.stores.policies, *api::decode<api::AccessPolicy>(f.api.get<api::AccessPolicy>(kKey)));
  }
  const auto outcome = f.reconcile();
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after == 0s);
  CHECK(f.api.calls().empty());
}

TEST_CASE("a problem that comes and goes is written each time") {
  PolicyReconcilerFixture f;
  f.reconcile();
  f.delete_role();
  f.reconcile();
  CHECK(f.ready() == "False RoleNotFound");
  f.make_role();
  f.reconcile();
  CHECK(f.ready() == "True Ready");
  CHECK(f.api.calls().size() == 3);
}

TEST_CASE("active and pending requests of the policy are counted, and no others") {
  PolicyReconcilerFixture f;
  int number = 0;
  const auto add = [&](const api::AccessRequest& request) { deliver(f.stores.requests, request); };
  const auto next = [&] { return "ask-" + std::to_string(++number); };
  add(request_in(Phase::Active, next()));
  add(request_in(Phase::Active, next()));
  add(request_in(Phase::Pending, next()));
  add(request(next()));  // not reconciled yet
  add(request_in(Phase::Pending, next()));
  add(request_in(Phase::Expired, next()));
  auto other = request_in(Phase::Active, next());
  other.spec.policy = "another";
  add(other);
  f.reconcile();
  CHECK(f.stored_status().active_grants == 2);
  CHECK(f.stored_status().pending_requests == 3);

  take_away(f.stores.requests, {"payments", "ask-1"});
  f.reconcile();
  CHECK(f.stored_status().active_grants == 1);
}

TEST_CASE("a status that could not be written is tried again with growing delays, and not told") {
  PolicyReconcilerFixture f;
  f.delete_role();
  SECTION("somebody else wrote") {
    f.api.fail("PATCH", 409, "Conflict", "the object has been modified");
  }
  SECTION("trouble") {
    f.api.fail("PATCH", 503, "ServiceUnavailable", "etcd is away");
  }
  SECTION("no answer") {
    f.api.fail("PATCH", {.kind = ErrorKind::Timeout, .message = "no answer"});
  }
  CHECK(f.reconcile().kind == Kind::RetryRateLimited);
  CHECK(f.ready() == "none");
  CHECK(f.new_events().empty());
  CHECK(f.reconcile().kind == Kind::Done);
  CHECK(f.ready() == "False RoleNotFound");
}

TEST_CASE("a policy that is deleted, or about to be, needs no status") {
  PolicyReconcilerFixture f;
  SECTION("known to be gone") {
    take_away(f.stores.policies, kKey);
  }
  SECTION("being deleted") {
    auto going = *f.stores.policies.get(kKey);
    going.metadata.deletion_timestamp = f.clock.now();
    deliver(f.stores.policies, going);
  }
  CHECK(f.reconcile().kind == Kind::Done);
  CHECK(f.api.calls().empty());
}

TEST_CASE("a policy that was deleted meanwhile is not tried again, and not told of") {
  PolicyReconcilerFixture f;
  f.delete_role();
  f.api.erase("/apis/curfew.dev/v1alpha1/accesspolicies/payments-debug");
  const auto outcome = f.reconcile();
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after == 0s);
  CHECK(f.new_events().empty());
}

TEST_CASE("an Event tells that a policy ceases to work and that it works again, once each") {
  PolicyReconcilerFixture f;
  f.reconcile();
  CHECK(f.new_events().empty());  // it works, which is the expected state
  f.delete_role();
  f.reconcile();
  f.reconcile();
  CHECK(f.new_events() == Calls{"Warning RoleNotFound on payments-debug"});
  f.make_role();
  f.reconcile();
  f.reconcile();
  CHECK(f.new_events() == Calls{"Normal Ready on payments-debug"});
}

TEST_CASE("an Event tells that a policy does not work from the start") {
  PolicyReconcilerFixture f;
  f.delete_role();
  f.reconcile();
  CHECK(f.new_events() == Calls{"Warning RoleNotFound on payments-debug"});
}

TEST_CASE("an Event says what is wrong, also when that changes") {
  PolicyReconcilerFixture f;
  f.delete_role();
  f.reconcile();
  auto worse = *f.stores.policies.get(kKey);
  worse.spec.max_duration = "for ever";
  deliver(f.stores.policies, f.api.put(worse));
  f.new_events();
  f.reconcile();
  CHECK(f.new_events() == Calls{"Warning RoleNotFound on payments-debug"});
  CHECK_THAT(f.stored_status().conditions.front().message,
             ContainsSubstring("view does not exist") && ContainsSubstring("for ever"));
}

TEST_CASE("no Event tells of a new count") {
  PolicyReconcilerFixture f;
  f.reconcile();
  deliver(f.stores.requests, request_in(Phase::Active));
  f.reconcile();
  CHECK(f.stored_status().active_grants == 1);
  CHECK(f.new_events().empty());
}
