#include "client/candidates.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;
using nlohmann::json;

namespace {

json offering(const std::string& role, const std::string& limits = "null") {
  return json::parse(R"({"spec": {"roles": [{"kind": "ClusterRole", "name": ")" + role +
                     R"("}], "limits": )" + limits +
                     R"(, "namespaces": {"names": null, "selector": {"matchLabels": {"team": "a"}}}}})");
}

// Policies p0 to p9, each offers a role of its own by namespace label and has limits.
void add_ten_policies(FakeCluster& cluster, const std::string& limits) {
  cluster.add(json::parse(
      R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "payments", "uid": "n", "labels": {"team": "a"}}})"));
  for (int i = 0; i < 10; ++i) {
    const std::string role = "role-" + std::to_string(i);
    cluster.add(a_policy("p" + std::to_string(i), offering(role, limits)));
    cluster.add(a_cluster_role(role));
  }
}

}  // namespace

TEST_CASE("however many policies there are, the cluster is asked once for each kind of thing") {
  World world;
  add_ten_policies(*world.cluster, R"({"activePerRequester": 1})");
  const auto session = world.session();
  const auto all = client::find_candidates(session, {});
  REQUIRE(all);
  CHECK(all->size() == 10);
  CHECK(world.cluster->calls ==
        std::vector<std::string>{"WHOAMI", std::string("GET ") + kPolicies + "?limit=500", "GET of 11"});
  const auto fitting = client::fitting_of(*all);
  CHECK(fitting.size() == 10);
  world.cluster->calls.clear();
  const auto trials = client::try_candidates(session, fitting);
  CHECK(std::ranges::all_of(trials, [](const client::Trial& trial) { return trial.accepted.has_value(); }));
  CHECK(world.cluster->calls == std::vector<std::string>{std::string("GET ") + kRequests +
                                                             "?limit=500&fieldSelector=status.phase%3DActive",
                                                         "CREATE of 10, dry"});
  CHECK(world.cluster->created.empty());
}

TEST_CASE("trials say of each candidate whether it would be accepted, and what its limits allow") {
  World world;
  add_ten_policies(*world.cluster, R"({"cooldown": "2h"})");
  world.cluster->add(a_request("earlier", json::parse(R"({
      "spec": {"policy": "p1"},
      "status": {"phase": "Expired", "complete": true, "subject": {"kind": "User", "name": "bob"},
                 "grantedAt": "2026-11-24T18:00:00Z", "endedAt": "2026-11-24T19:00:00Z"}})")));
  world.cluster->refused_policies["p2"] = "not today";
  const auto session = world.session();
  const auto all = client::find_candidates(session, {});
  REQUIRE(all);
  const auto trials = client::try_candidates(session, client::fitting_of(*all));
  REQUIRE(trials.size() == 10);
  const auto cooldown = [&](std::size_t i) {
    return std::ranges::find(trials[i].candidate.findings, std::string_view("cooldown"),
                             &core::Finding::check)
        ->outcome;
  };
  CHECK(cooldown(0) == core::Finding::Outcome::Passed);
  CHECK(cooldown(1) == core::Finding::Outcome::Waits);
  CHECK(trials[1].accepted);
  REQUIRE_FALSE(trials[2].accepted);
  CHECK(trials[2].accepted.error().message == "not today");
}

TEST_CASE("a role that nobody may look at leaves a candidate uncertain, and certain ones come first") {
  World world;
  world.cluster->add(a_policy("certain"));
  world.cluster->add(a_cluster_role());
  world.cluster->add(
      a_policy("uncertain", json::parse(R"({"spec": {"roles": [{"kind": "Role", "name": "debug"}]}})")));
  world.cluster->forbidden = {"/apis/rbac.authorization.k8s.io/v1/namespaces/payments/roles/debug"};
  auto all = client::find_candidates(world.session(), {});
  REQUIRE(all);
  REQUIRE(client::fitting_of(*all).size() == 1);
  CHECK(client::fitting_of(*all).front()->policy().metadata.name == "certain");
  client::RequestOptions options;
  options.role = "Role/debug";
  all = client::find_candidates(world.session(), options);
  REQUIRE(all);
  REQUIRE(client::fitting_of(*all).size() == 1);
  CHECK_FALSE(client::fitting_of(*all).front()->is_certain());
}

TEST_CASE("the nearest candidate lacks only what the requester can say better") {
  World world;
  world.cluster->add(a_cluster_role());
  world.cluster->add(a_policy("near", json::parse(R"({"spec": {"reason": {"required": true}}})")));
  world.cluster->add(
      a_policy("far", json::parse(R"({"spec": {"requesters": [{"kind": "User", "name": "dave"}]}})")));
  const auto all = client::find_candidates(world.session(), {});
  REQUIRE(all);
  CHECK(client::fitting_of(*all).empty());
  REQUIRE(client::nearest_of(*all) != nullptr);
  CHECK(client::nearest_of(*all)->policy().metadata.name == "near");
}

TEST_CASE("a request is made under the policy and role of its candidate") {
  World world;
  world.cluster->add(a_policy());
  world.cluster->add(a_cluster_role());
  client::RequestOptions options;
  options.reason = "INC-7";
  const auto all = client::find_candidates(world.session("payments"), options);
  REQUIRE(all);
  REQUIRE(all->size() == 1);
  const auto made = client::make_request(world.session(), all->front());
  REQUIRE(made);
  CHECK(made->object.metadata.name == "bob-view-x7k2p");
  CHECK(made->object.spec.reason == "INC-7");
  CHECK(world.cluster->created.size() == 1);
}

TEST_CASE("waiting for access ends when it is there, cannot come any more, or takes too long") {
  using Outcome = client::WaitResult::Outcome;
  World world;
  world.cluster->add(a_request());
  int looks = 0;
  const auto wait = [&] {
    return client::wait_for_access(world.session(), {"payments", "fix"}, std::chrono::seconds(60),
                                   [&](const api::AccessRequest&) { ++looks; });
  };
  SECTION("it takes too long") {
    CHECK(wait()->outcome == Outcome::TimedOut);
    CHECK(looks == 60);
  }
  SECTION("it is there") {
    world.meanwhile = [&] {
      if (looks == 3)
        world.cluster->add(a_request(
            "fix", json::parse(R"({"status": {"phase": "Active", "expiresAt": "2026-11-24T21:00:00Z"}})")));
    };
    CHECK(wait()->outcome == Outcome::Active);
    CHECK(looks == 4);
  }
  SECTION("it was denied") {
    world.cluster->add(a_request("fix", json::parse(R"({"status": {"phase": "Denied", "complete": true}})")));
    CHECK(wait()->outcome == Outcome::Ended);
    CHECK(looks == 1);
  }
  SECTION("it was deleted") {
    world.cluster->remove(std::string(kPayments) + "/fix");
    CHECK(wait().error().kind == ErrorKind::NotFound);
  }
}
