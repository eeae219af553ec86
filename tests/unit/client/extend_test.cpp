#include "client/extend.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "client/explain.hpp"
#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;
using client::extended_in;
using nlohmann::json;

namespace {

const json kActive = json::parse(
    R"({"status": {"phase": "Active", "complete": false, "roleRef": {"kind": "ClusterRole", "name": "view"},
  "subject": {"kind": "User", "name": "alice"}, "grantedAt": "2026-11-24T19:30:00Z", "expiresAt": "2026-11-24T20:30:00Z",
  "extendableUntil": "2026-11-24T23:30:00Z"}})");

// Extends `extended`, which has that name.
json extending(const std::string& extended, const std::string& phase = "Active") {
  json made = kActive;
  made["spec"]["extends"] = extended;
  made["status"]["phase"] = phase;
  made["status"]["extends"] = {{"name", extended},
                               {"uid", "uid-of-" + extended},
                               {"expiresAt", "2026-11-24T20:30:00Z"},
                               {"since", "2026-11-24T19:30:00Z"}};
  return made;
}

struct ExtendWorld : World {
  ExtendWorld() {
    cluster->username = "alice";
    cluster->groups = {"developers"};
    cluster->add(a_policy("debug", json::parse(R"({"spec": {"duration": {"maxTotal": "4h"}}})")));
    cluster->add(a_cluster_role());
    cluster->add(a_request("fix", kActive));
  }
  Result<client::Read<api::AccessRequest>> extend(const std::string& name = "fix",
                                                  client::ExtendOptions options = {}) {
    options.duration = "30m";
    return client::extend(session(), {"payments", name}, options);
  }
  std::string refusal(const std::string& name = "fix") {
    const auto made = extend(name);
    REQUIRE_FALSE(made);
    CHECK(cluster->created.empty());
    return made.error().message;
  }
};

core::Finding finding(ExtendWorld& world, const std::string& name, std::string_view check) {
  const auto explained = client::explain(world.session(), {"payments", name});
  REQUIRE(explained);
  const auto found = std::ranges::find(explained->findings, check, &core::Finding::check);
  REQUIRE(found != explained->findings.end());
  return *found;
}

}  // namespace

TEST_CASE("an extension is of the policy, role, subject and reason of what it extends") {
  ExtendWorld world;
  REQUIRE(world.extend());
  const json& made = world.cluster->created.at(0);
  CHECK(made["metadata"]["name"] == "fix-2");
  CHECK(made["metadata"]["labels"] == json{{"curfew.dev/extends", "true"}});
  CHECK(made["spec"]["policy"] == "debug");
  CHECK(made["spec"]["role"] == json{{"kind", "ClusterRole"}, {"name", "view"}});
  CHECK_FALSE(made["spec"].contains("subject"));
  CHECK(made["spec"]["duration"] == "30m");
  CHECK(made["spec"]["extends"] == "fix");
  CHECK(made["spec"]["reason"] == "INC-1");
}

TEST_CASE("what is given counts, and the subject is that of the request") {
  ExtendWorld world;
  json of_robot = kActive;
  of_robot["spec"]["subject"] = {{"kind", "ServiceAccount"}, {"name", "robot"}, {"namespace", "ci"}};
  world.cluster->add(a_request("fix", of_robot));
  REQUIRE(world.extend("fix", {.name = "longer", .duration = {}, .reason = "INC-2"}));
  const json& made = world.cluster->created.at(0);
  CHECK(made["metadata"]["name"] == "longer");
  CHECK(made["spec"]["reason"] == "INC-2");
  CHECK(made["spec"]["subject"] == of_robot["spec"]["subject"]);
}

TEST_CASE("an extension of access in several namespaces is for the same namespaces") {
  ExtendWorld world;
  json of_several = kActive;
  of_several["kind"] = "ClusterAccessRequest";
  of_several["metadata"]["namespace"] = nullptr;
  of_several["spec"]["namespaces"] = {"payments", "shop"};
  world.cluster->add(a_request("several", of_several));
  REQUIRE(client::extend(world.session(), {"", "several"}, {.name = {}, .duration = "30m", .reason = {}}));
  const json& made = world.cluster->created.at(0);
  CHECK(made["kind"] == "ClusterAccessRequest");
  CHECK(made["spec"]["namespaces"] == json{"payments", "shop"});
}

TEST_CASE("the name of an extension is the next free one of the chain") {
  ExtendWorld world;
  world.cluster->add(a_request("fix-2", json::parse(R"({"status": {"phase": "Denied", "complete": true}})")));
  REQUIRE(world.extend());
  CHECK(world.cluster->created.at(0)["metadata"]["name"] == "fix-3");
  world.cluster->created.clear();
  world.cluster->add(a_request("fix-3", extending("fix")));
  REQUIRE(world.extend("fix-3"));
  CHECK(world.cluster->created.at(0)["metadata"]["name"] == "fix-4");

  api::AccessRequest request;
  request.metadata.name = "release-7";  // no extension: the number is its own
  CHECK(client::name_of_extension(request, 1) == "release-7-2");
  request.spec.extends = "release";
  CHECK(client::name_of_extension(request, 1) == "release-8");
  CHECK(client::name_of_extension(request, 3) == "release-10");
  request.metadata.name = std::string(253, 'a');
  CHECK(client::name_of_extension(request, 9) == std::string(250, 'a') + "-10");
}

TEST_CASE("a name that was given and is taken is an error") {
  ExtendWorld world;
  const auto made = world.extend("fix", {.name = "fix", .duration = {}, .reason = {}});
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == ErrorKind::AlreadyExists);
}

TEST_CASE("what cannot be extended is refused before anything is asked for") {
  ExtendWorld world;
  SECTION("it does not exist") {
    CHECK(world.extend("nothing").error().kind == ErrorKind::NotFound);
  }
  SECTION("it waits") {
    world.cluster->add(a_request());
    CHECK(world.refusal() == "payments/fix is Pending and gives no access yet: extend it once it is Active");
  }
  SECTION("it is over") {
    world.cluster->add(
        a_request("fix", json::parse(R"({"status": {"phase": "Expired", "complete": true}})")));
    CHECK(world.refusal() ==
          "payments/fix is Expired and over: ask for access anew, with kubectl curfew request");
  }
  SECTION("it lasts as long as it may") {
    json last = kActive;
    last["status"]["extendableUntil"] = "2026-11-24T20:30:00Z";
    world.cluster->add(a_request("fix", last));
    CHECK(
        world.refusal() ==
        "payments/fix lasts until 2026-11-24T20:30:00Z, as long as AccessPolicy debug allows in all (spec.duration.maxTotal)");
  }
  SECTION("it is extended already") {
    world.cluster->add(a_request("fix-2", extending("fix")));
    CHECK(world.refusal() == "payments/fix is extended already: extend that one, fix-2");
  }
}

TEST_CASE("who may not list requests can extend one") {
  ExtendWorld world;
  world.cluster->forbidden = {kPayments};
  CHECK(world.extend());
}

TEST_CASE("a chain is told by its last Active link") {
  const auto read = [](const std::string& name, const json& more) {
    return *client::decoded<api::AccessRequest>(a_request(name, more));
  };
  const auto first = read("first", kActive);
  const auto second = read("second", extending("first"));
  const auto third = read("third", extending("second"));
  const auto waits = read("third", extending("second", "Pending"));
  CHECK(extended_in({first}).empty());
  CHECK(extended_in({first, second}) == std::set<std::string>{"uid-of-first"});
  CHECK(extended_in({third, first, second}) == std::set<std::string>{"uid-of-first", "uid-of-second"});
  CHECK(extended_in({first, second, waits}) == std::set<std::string>{"uid-of-first"});
}

TEST_CASE("explain compares an extension with what it extends, as far as the person may read it") {
  using Outcome = core::Finding::Outcome;
  ExtendWorld world;
  world.cluster->add(a_request("more", extending("fix", "Pending")));
  SECTION("it can be extended") {
    for (const char* check : {"extensions-allowed", "extended-not-ended", "extended-active", "extended-same",
                              "extended-within-total", "extended-once"})
      CHECK(finding(world, "more", check).outcome == Outcome::Passed);
  }
  SECTION("it was revoked") {
    world.cluster->add(a_request(
        "fix",
        json::parse(R"({"status": {"phase": "Revoked", "complete": true, "message": "bob revoked"}})")));
    CHECK(finding(world, "more", "extended-not-ended").message ==
          "fix, which this extends, ended: bob revoked");
  }
  SECTION("it is gone, and its end may not be read") {
    world.cluster->remove(std::string(kPayments) + "/fix");
    world.cluster->forbidden = {"/apis/curfew.dev/v1alpha1/auditrecords/uid-of-fix-ended"};
    CHECK(finding(world, "more", "extended-not-ended").outcome == Outcome::NotChecked);
  }
  SECTION("it is extended already") {
    world.cluster->add(a_request("fix-2", extending("fix")));
    CHECK(finding(world, "more", "extended-once").message ==
          "fix, which this extends, is extended already: extend that one, fix-2");
  }
}
