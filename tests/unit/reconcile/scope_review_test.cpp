#include "reconcile/scope_review.hpp"

#include <algorithm>

#include "unit/reconcile/reconcile_test.hpp"
#include "unit/reconcile/reviews_fixture.hpp"

using nlohmann::json;

namespace {

json resource(const std::string& name, bool namespaced) {
  return {{"name", name}, {"namespaced", namespaced}};
}

struct ScopeReviewFixture : ReviewsFixture {
  reconcile::ScopeReview review{client, stores, clock};

  ScopeReviewFixture() {
    serve("/api/v1", {resource("nodes", false), resource("nodes/proxy", false), resource("pods", true)});
    api.put_raw("/apis/example.com", {{"versions", {{{"version", "v1"}}, {{"version", "v1beta1"}}}}});
    serve("/apis/example.com/v1", json::array({resource("things", true)}));
    serve("/apis/example.com/v1beta1", json::array({resource("planets", false)}));
  }

  void serve(const std::string& path, const json& resources) {
    api.put_raw(path, {{"resources", resources}});
  }
  // A ClusterRole that lists these resources; the watch has delivered it.
  void make(const std::string& name, const std::string& group, const json& resources,
            const json& more = json::object()) {
    json role{{"metadata", {{"name", name}, {"uid", "uid-of-" + name}, {"resourceVersion", "7"}}},
              {"rules", {{{"apiGroups", {group}}, {"resources", resources}, {"verbs", {"list"}}}}}};
    role.merge_patch(more);
    api.put_raw(kClusterRolesPath + "/" + name, role);
    deliver(stores.cluster_roles, reconcile::summary_of(decoded<api::ClusterRole>(role)));
  }
  reconcile::ScopeReview::Answer ask(const std::string& role) {
    auto answer =
        review.ask(offering({{"names", {"payments"}}}, {{"kind", "ClusterRole"}, {"name", role}}), {});
    REQUIRE(answer);
    return *answer;
  }
  // "nodes, planets.example.com"; empty if nothing was found.
  std::string found(const std::string& role) {
    const auto roles = ask(role).roles;
    std::string text;
    for (const auto& one : roles)
      for (const auto& what : one.rules.what) text += (text.empty() ? "" : ", ") + what;
    return text;
  }
  bool has_asked() {
    const bool has = !api.calls().empty();
    api.forget_calls();
    return has;
  }
};

const json kAggregated{{"aggregationRule", {{"clusterRoleSelectors", json::array()}}}};

}  // namespace

TEST_CASE("a role over cluster-scoped resources is found by what the API server serves") {
  ScopeReviewFixture f;
  f.make("of-nodes", "", {"nodes", "pods"});
  CHECK(f.found("of-nodes") == "nodes");
  f.make("of-planets", "example.com", {"planets", "things"});
  CHECK(f.found("of-planets") == "planets.example.com");
  CHECK(f.found("debugger").empty());
}

TEST_CASE("each version of a role is read once, and each group") {
  ScopeReviewFixture f;
  f.make("of-nodes", "", {"nodes"});
  f.make("of-pods", "", {"pods"});
  f.found("of-nodes");
  CHECK(f.api.calls() == Calls{"GET " + kClusterRolesPath, "GET /api/v1"});
  f.api.forget_calls();
  f.found("of-nodes");
  CHECK_FALSE(f.has_asked());
  f.found("of-pods");
  CHECK(f.api.calls() == Calls{"GET " + kClusterRolesPath});
  f.make("of-pods", "", {"nodes"});
  CHECK(f.found("of-pods") == "nodes");
}

TEST_CASE("an aggregated role is found only if all of it gives nothing") {
  ScopeReviewFixture f;
  f.make("mixed", "", {"nodes", "pods"}, kAggregated);
  CHECK(f.found("mixed").empty());
  f.make("useless", "", {"nodes"}, kAggregated);
  CHECK(f.found("useless") == "nodes");
}

TEST_CASE("a resource that was not there is looked for again when the role changes") {
  ScopeReviewFixture f;
  f.make("of-stars", "example.com", json::array({"stars"}));
  CHECK(f.found("of-stars").empty());
  f.serve("/apis/example.com/v1", {resource("things", true), resource("stars", false)});
  f.clock.advance(1min);
  f.make("of-stars", "example.com", {"stars", "planets"});
  CHECK(f.found("of-stars") == "planets.example.com, stars.example.com");
}

TEST_CASE("a group that the API server does not have is no failure, and its name cannot leave its path") {
  ScopeReviewFixture f;
  f.make("of-none", "none.example.com", {"things"});
  CHECK(f.found("of-none").empty());
  CHECK_FALSE(f.ask("of-none").is_partial);
  f.api.forget_calls();
  f.make("crooked", "../api/v1?x=", {"nodes"});
  CHECK(f.found("crooked").empty());
  CHECK(f.api.calls() == Calls{"GET " + kClusterRolesPath});
}

TEST_CASE("what the API server does not say is asked for again") {
  ScopeReviewFixture f;
  f.make("of-nodes", "", {"nodes"});
  f.api.fail("GET /api/v1", 503, "ServiceUnavailable", "later");
  const auto answer = f.ask("of-nodes");
  CHECK(answer.is_partial);
  CHECK(answer.roles.empty());
  CHECK(f.found("of-nodes") == "nodes");
  f.api.fail("GET " + kClusterRolesPath, 500, "InternalError", "later");
  f.review.forget();
  CHECK_FALSE(
      f.review.ask(offering({{"names", {"payments"}}}, {{"kind", "ClusterRole"}, {"name", "of-nodes"}}), {}));
}
