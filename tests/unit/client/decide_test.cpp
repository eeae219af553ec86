#include "client/decide.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;
using client::DecisionResult;
using DecisionOutcome = client::DecisionResult::Outcome;
using nlohmann::json;

namespace {

const api::Person kBob{.username = "bob", .groups = {"sre"}};
const client::Target kFix{.key = {"payments", "fix"}, .uid = ""};
const Error kEarly{.kind = ErrorKind::Forbidden,
                   .message = "Curfew has not looked at it: approve it in a moment"};
const Error kConflict{.kind = ErrorKind::Conflict, .message = "the object has been modified"};

// Confirms the first `yes` times, and notes what it was asked.
struct Approver {
  int yes = 100;
  std::vector<client::ApprovalSummary> asked;

  bool operator()(const api::AccessRequest& request) {
    asked.push_back(client::summary_of(request));
    return static_cast<int>(asked.size()) <= yes;
  }
};

DecisionResult approve(World& world, Approver& approver, const client::Target& target = kFix) {
  return client::decide(world.session(), target,
                        {.verdict = api::Verdict::Approve, .person = kBob, .comment = "ok"},
                        [&](const api::AccessRequest& request) { return approver(request); });
}

}  // namespace

TEST_CASE("an approval is about the request that was confirmed") {
  World world;
  world.cluster->add(a_request());
  Approver approver;
  CHECK(approve(world, approver).outcome == DecisionOutcome::Decided);
  REQUIRE(approver.asked.size() == 1);
  CHECK(approver.asked.front().duration == "1h");
  CHECK(approver.asked.front().role->name == "view");
  REQUIRE(world.cluster->patches.size() == 1);
  CHECK(world.cluster->patches.front() == json::parse(R"({
      "metadata": {"uid": "uid-of-fix", "resourceVersion": "7"},
      "decisions": [{"verdict": "Approve", "username": "bob", "groups": ["sre"], "comment": "ok"}]})"));
}

TEST_CASE("without a confirmation nothing is written") {
  World world;
  world.cluster->add(a_request());
  Approver approver{.yes = 0, .asked = {}};
  CHECK(approve(world, approver).outcome == DecisionOutcome::NotConfirmed);
  CHECK(world.cluster->count("PATCH") == 0);
}

TEST_CASE("what changes between confirmation and approval is confirmed again") {
  World world;
  world.cluster->add(a_request());
  world.cluster->refusals = {kConflict};
  world.cluster->after_patch_refusal = [&] {
    world.cluster->add(a_request("fix", json::parse(R"({"status": {"duration": "2h"}})")));
  };
  Approver approver{.yes = 1, .asked = {}};
  CHECK(approve(world, approver).outcome == DecisionOutcome::NotConfirmed);
  REQUIRE(approver.asked.size() == 2);
  CHECK(approver.asked.back().duration == "2h");
  CHECK(world.cluster->patches.empty());
}

TEST_CASE("a request made again under the same name is not decided") {
  World world;
  world.cluster->add(a_request());
  Approver approver;
  const auto other = approve(world, approver, {.key = kFix.key, .uid = "uid-of-another"});
  CHECK(other.outcome == DecisionOutcome::Replaced);
  CHECK_FALSE(other.was_read);
  world.cluster->refusals = {kConflict};
  world.cluster->after_patch_refusal = [&] {
    world.cluster->add(a_request("fix", json::parse(R"({"metadata": {"uid": "new"}})")));
  };
  const auto swapped = approve(world, approver);
  CHECK(swapped.outcome == DecisionOutcome::Replaced);
  CHECK(swapped.was_read);
  CHECK(world.cluster->patches.empty());
}

TEST_CASE("an approval waits until Curfew has settled role and duration, and not for ever") {
  World world;
  const json unsettled = json::parse(R"({"spec": {"duration": null}})");
  world.cluster->add(a_request("fix", unsettled));
  const auto before = world.clock->now();
  Approver approver;
  SECTION("it does") {
    world.meanwhile = [&] { world.cluster->add(a_request()); };
    world.cluster->refusals = {kEarly, kEarly};
    CHECK(approve(world, approver).outcome == DecisionOutcome::Decided);
    CHECK(world.clock->now() - before == std::chrono::milliseconds(1500));
  }
  SECTION("nobody looks at it") {
    world.cluster->refusals = {kEarly};
    const auto result = approve(world, approver);
    CHECK(result.outcome == DecisionOutcome::Failed);
    CHECK(result.error.message == kEarly.message);
    CHECK(world.clock->now() - before == std::chrono::seconds(5));
  }
}

TEST_CASE("a request that changes all the time is given up") {
  World world;
  world.cluster->add(a_request());
  world.cluster->refusals = std::vector<Error>(9, kConflict);
  Approver approver;
  const auto result = approve(world, approver);
  CHECK(result.outcome == DecisionOutcome::Failed);
  CHECK(result.error.message == "it changes all the time: try again");
  CHECK(world.cluster->count("PATCH") == 5);
  CHECK(approver.asked.size() == 1);
}

TEST_CASE("what is revoked by selection is not read again") {
  World world;
  world.cluster->add(a_policy());
  const json active = json::parse(R"({"status": {"phase": "Active"}})");
  world.cluster->add(a_request("a", active));
  world.cluster->add(a_request("b", active));
  world.cluster->add(a_request("c"));
  const auto session = world.session();
  const auto viewer = client::viewer_of(session);
  REQUIRE(viewer);
  const auto targets = client::find_revocable(session, *viewer, false, "");
  REQUIRE(targets);
  REQUIRE(targets->size() == 2);
  world.cluster->calls.clear();
  for (const auto& target : *targets) {
    CHECK(
        client::decide(session, target, {.verdict = api::Verdict::Revoke, .person = kBob, .comment = ""}, {})
            .outcome == DecisionOutcome::Decided);
  }
  CHECK(world.cluster->calls == std::vector<std::string>{"PATCH a", "PATCH b"});
}

TEST_CASE("a revocation before there is access takes back one's approval, or withdraws one's own request") {
  struct Case {
    const char* who;
    const char* phase;
    bool takes_back;
    bool withdraws;
  };
  for (const Case& c : {Case{"bob", "Pending", true, false}, Case{"alice", "Scheduled", false, true},
                        Case{"bob", "Active", false, false}, Case{"alice", "Active", false, false}}) {
    CAPTURE(c.who, c.phase);
    World world;
    world.cluster->add(a_request("fix", {{"status", {{"phase", c.phase}}}}));
    const auto result = client::decide(
        world.session(), kFix,
        {.verdict = api::Verdict::Revoke, .person = {.username = c.who, .groups = {}}, .comment = ""}, {});
    CHECK(result.outcome == DecisionOutcome::Decided);
    CHECK(result.takes_back_approval == c.takes_back);
    CHECK(result.withdraws == c.withdraws);
  }
}

TEST_CASE("who revokes an extension hears of what it extends only while that gives access") {
  for (const auto& [end_of_extended, goes_on] :
       {std::pair("2026-11-24T20:00:01Z", "fix"), std::pair("2026-11-24T20:00:00Z", "")}) {
    CAPTURE(end_of_extended);
    World world;  // at 20:00:00
    world.cluster->add(a_request("fix-2", {{"spec", {{"extends", "fix"}}},
                                           {"status",
                                            {{"phase", "Active"},
                                             {"extends",
                                              {{"name", "fix"},
                                               {"uid", "uid-of-fix"},
                                               {"expiresAt", end_of_extended},
                                               {"since", "2026-11-24T19:00:00Z"}}}}}}));
    const auto result = client::decide(world.session(), {.key = {"payments", "fix-2"}, .uid = ""},
                                       {.verdict = api::Verdict::Revoke, .person = kBob, .comment = ""}, {});
    CHECK(result.outcome == DecisionOutcome::Decided);
    CHECK(result.goes_on == goes_on);
  }
}
