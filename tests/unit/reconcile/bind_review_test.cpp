#include "reconcile/bind_review.hpp"

#include <algorithm>

#include "unit/reconcile/reconcile_test.hpp"
#include "unit/reconcile/reviews_fixture.hpp"

using nlohmann::json;

namespace {

const json kRole{{"kind", "Role"}, {"name", "shell"}};

struct BindReviewFixture : ReviewsFixture {
  reconcile::BindReview review{client, stores};

  reconcile::BindReview::Answer ask(const api::AccessPolicy& policy) {
    auto answer = review.ask(policy, {});
    REQUIRE(answer);
    return *answer;
  }
  // "everywhere", or the namespaces; empty: not refused.
  std::string refused(const api::AccessPolicy& policy) {
    const auto refusals = ask(policy).refusals;
    if (refusals.empty()) return {};
    REQUIRE(refusals.size() == 1);
    std::string text;
    for (const auto& ns : refusals.front().namespaces) text += (text.empty() ? "" : ", ") + ns;
    return text.empty() ? "everywhere" : text;
  }
};

}  // namespace

TEST_CASE("a role that may be bound in all namespaces takes one call") {
  BindReviewFixture f;
  f.bindable = {"clusterroles/debugger"};
  CHECK(f.refused(offering({{"names", {"payments", "orders"}}})).empty());
  CHECK(f.api.calls() == Calls{"POST " + kAccessReviewPath});
}

TEST_CASE("a role that may be bound nowhere is refused everywhere") {
  BindReviewFixture f;
  CHECK(f.refused(offering({{"names", {"payments", "orders"}}})) == "everywhere");
  f.make_namespace("shop");
  CHECK(f.refused(offering(kByTeam)) == "everywhere");
}

TEST_CASE("permissions in some namespaces count where the policy names them") {
  BindReviewFixture f;
  f.bindable = {"clusterroles/debugger in payments"};
  CHECK(f.refused(offering({{"names", {"payments"}}})).empty());
  CHECK(f.refused(offering({{"names", {"payments", "orders"}}})) == "orders");
  CHECK(f.refused(offering({{"names", {"orders", "kube-system"}}})) == "everywhere");
}

TEST_CASE("of the namespaces that a policy selects, one in which the role may be bound is enough") {
  BindReviewFixture f;
  f.bindable = {"clusterroles/debugger in payments"};
  for (const char* name : {"orders", "payments", "shop"}) f.make_namespace(name);
  CHECK(f.refused(offering(kByTeam)).empty());
  json both = kByTeam;
  both["names"] = {"shop"};
  CHECK(f.refused(offering(both)) == "shop");
}

TEST_CASE("a policy that reaches no namespace yet is not warned about, and is asked about again") {
  BindReviewFixture f;
  const auto answer = f.ask(offering(kByTeam));
  CHECK(answer.refusals.empty());
  CHECK(answer.is_partial);
}

TEST_CASE("the number of questions does not grow with the number of namespaces") {
  BindReviewFixture f;
  for (int i = 0; i < 100; ++i) f.make_namespace("ns-" + std::to_string(i));
  CHECK(f.refused(offering(kByTeam)) == "everywhere");
  CHECK(std::ranges::count(f.api.calls(), "POST " + kAccessReviewPath) == 17);
}

TEST_CASE("a Role is asked about in the namespaces in which it exists") {
  BindReviewFixture f;
  const auto policy = offering({{"names", {"payments", "orders"}}}, kRole);
  CHECK(f.ask(policy).is_partial);
  f.make_role_in("payments", "shell");
  CHECK(f.refused(policy) == "everywhere");
  f.bindable = {"roles/shell in payments"};
  CHECK(f.refused(policy).empty());
  f.make_role_in("orders", "shell");
  CHECK(f.refused(policy) == "orders");
}

TEST_CASE("a ClusterRole that does not exist is not asked about") {
  BindReviewFixture f;
  const auto answer = f.ask(offering({{"names", {"payments"}}}, {{"kind", "ClusterRole"}, {"name", "nope"}}));
  CHECK(answer.refusals.empty());
  CHECK(f.api.calls().empty());
}

TEST_CASE("a review that fails is no answer") {
  BindReviewFixture f;
  f.api.fail(kAccessReviewPath, 403, "Forbidden", "not for you");
  CHECK_FALSE(f.review.ask(offering({{"names", {"payments"}}}), {}));
}
