#include "reconcile/role_reviews.hpp"

#include <algorithm>

#include "reconcile/policy_reconciler.hpp"
#include "unit/reconcile/reconcile_test.hpp"
#include "unit/reconcile/reviews_fixture.hpp"

namespace {

struct RoleReviewsFixture : ReviewsFixture {
  reconcile::RoleReviews reviews{client, stores, clock};
  api::AccessPolicy policy = offering({{"names", {"payments"}}});

  reconcile::RoleReviews::Answer review() { return reviews.review(policy, {}); }
  // As the status says once it is written.
  void observe() { policy.status.observed_generation = policy.metadata.generation; }
  // Reviews until nothing is due any more, or for at most `most` reviews; returns the last answer.
  reconcile::RoleReviews::Answer settle(int most = 10) {
    auto answer = review();
    for (; most > 0 && answer.ask_again > 0s; --most) {
      clock.advance(std::chrono::duration_cast<std::chrono::microseconds>(answer.ask_again) + 1us);
      answer = review();
    }
    return answer;
  }
  bool has_asked() {
    const bool has = !api.calls().empty();
    api.forget_calls();
    return has;
  }
  void refuse_all() { bindable.clear(); }
  void allow_all() { bindable = {"clusterroles/debugger"}; }
};

}  // namespace

TEST_CASE("a new version of a policy is asked about at once, then once more, and then no more") {
  RoleReviewsFixture f;
  f.allow_all();
  const auto first = f.review();
  REQUIRE(first.bind_refusals);
  CHECK(first.bind_refusals->empty());
  CHECK(first.ask_again > 0s);
  f.observe();
  CHECK(f.settle().ask_again == 0s);
  CHECK(std::ranges::count(f.api.calls(), "POST " + kAccessReviewPath) == 2);
  CHECK(f.api.calls().size() == 4);  // the rules of the role, and the core group's resources, once
  f.clock.advance(1h);
  f.api.forget_calls();
  CHECK(f.review().ask_again == 0s);
  CHECK_FALSE(f.has_asked());
  ++f.policy.metadata.generation;
  f.review();
  CHECK(f.has_asked());
}

TEST_CASE("a new term keeps what the status says for a moment before it asks") {
  RoleReviewsFixture f;
  f.observe();
  const auto first = f.review();
  CHECK_FALSE(first.bind_refusals);
  CHECK_FALSE(f.has_asked());
  CHECK(f.settle(1).bind_refusals->size() == 1);
  f.reviews.end_term();
  CHECK_FALSE(f.review().bind_refusals);
}

TEST_CASE("a role that may not be bound is asked about again, less and less often") {
  RoleReviewsFixture f;
  f.observe();
  auto answer = f.settle(12);
  CHECK(answer.bind_refusals->size() == 1);
  CHECK(answer.ask_again > 3min);
  CHECK(answer.ask_again <= 5min);
  f.allow_all();
  CHECK(f.settle().bind_refusals->empty());
  CHECK(f.settle().ask_again == 0s);
}

TEST_CASE("a role that becomes grantable, or changes, is asked about within seconds") {
  RoleReviewsFixture f;
  f.observe();
  f.settle(12);
  f.api.forget_calls();
  SECTION("the role of what Curfew may bind") {
    f.make_role("curfew-grantable");
  }
  SECTION("the role itself") {
    f.make_role("debugger", "get");
  }
  CHECK(f.review().ask_again <= 2s);
  CHECK_FALSE(f.has_asked());
  CHECK(f.settle(1).ask_again <= 2s);
  CHECK(f.has_asked());
}

TEST_CASE("the slow resync asks again, in case permissions were taken away") {
  RoleReviewsFixture f;
  f.allow_all();
  f.observe();
  f.settle();
  f.refuse_all();
  f.clock.advance(6h);
  CHECK(f.settle(1).bind_refusals->size() == 1);
}

TEST_CASE("an answer that cannot be had leaves the last one, and is asked for again") {
  RoleReviewsFixture f;
  f.observe();
  f.settle(3);
  f.api.fail(kAccessReviewPath, 503, "ServiceUnavailable", "later", 2);
  f.allow_all();
  const auto answer = f.settle(1);
  CHECK(answer.bind_refusals->size() == 1);
  CHECK(answer.ask_again > 0s);
  CHECK(f.settle().bind_refusals->empty());
}

TEST_CASE("rules that give nothing in a namespace are part of the answer") {
  RoleReviewsFixture f;
  f.allow_all();
  f.api.put_raw("/api/v1", {{"resources", {{{"name", "pods"}, {"namespaced", false}}}}});
  const auto answer = f.review();
  REQUIRE(answer.beyond_namespace);
  CHECK(core::describe(*answer.beyond_namespace).ends_with(": pods, which is all of ClusterRole debugger"));
}

TEST_CASE("a policy's status says that Curfew may not bind its role, until Curfew may") {
  RoleReviewsFixture f;
  kube::EventRecorder events{f.client, "test"};
  telemetry::Metrics metrics{"test"};
  reconcile::PolicyReconciler policies{
      f.client, events, f.stores, metrics, f.clock, reconcile::believe_every_policy, &f.reviews};
  auto policy = policy_with(nlohmann::json::parse(R"({
      "requesters": [{"kind": "Group", "name": "developers"}],
      "roles": [{"kind": "ClusterRole", "name": "debugger"}],
      "namespaces": {"names": ["payments"]},
      "duration": {"max": "1h"},
      "approval": {"required": 0}})"));
  policy.metadata.generation = 3;
  deliver(f.stores.policies, f.api.put(policy));
  const auto reconcile = [&] { return policies.reconcile({{}, "payments-debug"}, {}); };
  const auto ready = [&] {
    const auto stored = decoded<api::AccessPolicy>(f.api.get<api::AccessPolicy>({{}, "payments-debug"}));
    const auto* condition = api::find_condition(stored.status.conditions, api::kReady);
    return condition == nullptr ? "none" : condition->status + " " + condition->reason;
  };
  auto outcome = reconcile();
  CHECK(ready() == "False RoleNotBindable");
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after > 0s);
  f.allow_all();
  f.clock.advance(std::chrono::duration_cast<std::chrono::microseconds>(outcome.after) + 1us);
  reconcile();
  CHECK(ready() == "True Ready");
}
