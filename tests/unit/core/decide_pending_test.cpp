#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>

#include "core_test.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;

TEST_CASE("at first sight, what the request left to the policy is pinned and the request recorded") {
  World w;
  w.s.request.spec.duration = "90m";
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.status().role_ref == cluster_role("view"));
  CHECK(w.status().subject == user("alice"));
  CHECK(w.status().duration == "1h30m");
  CHECK(w.status().policy == api::PolicyRef{"payments-debug", "policy-uid", 3});
  CHECK(w.status().requested_at == kNow);
  CHECK(w.status().approvals == "0/1");
  CHECK(w.status().observed_generation == 1);
  CHECK(w.record(AuditAction::Requested).actor == person("alice", {"developers"}));
  CHECK(w.record(AuditAction::Requested).message ==
        "alice asks for ClusterRole view in payments for 1h30m under AccessPolicy payments-debug");
  CHECK(w.told().empty());
}

TEST_CASE("white space around a reason is recorded") {
  World w;
  w.s.request.spec.reason = " INC-123\nstuck\n";
  w.settle();
  CHECK(w.record(AuditAction::Requested).reason == " INC-123\nstuck\n");
}

TEST_CASE("what was pinned stays when the policy's defaults change") {
  World w;
  w.settle();
  w.s.policy->spec.default_duration = "1h";
  w.s.policy->spec.roles = {cluster_role("edit"), cluster_role("view")};
  w.settle();
  CHECK(w.status().duration == "30m");
  CHECK(w.status().role_ref == cluster_role("view"));
}

TEST_CASE("a waiting request says how many approvals it waits for, and from whom") {
  World w;
  w.s.policy = a_policy(2);
  w.s.policy->spec.approval.approvers = {group("sre"), user("carol")};
  w.settle();
  CHECK(w.status().message == "waiting for 2 more approvals (0/2) from Group sre, User carol");
  w.s.by(approve(sre("bob"), "looks right"));
  w.settle();
  CHECK(w.status().message == "waiting for 1 more approval (1/2) from Group sre, User carol");
  CHECK(w.condition("Approved") == "False WaitingForApproval");
  CHECK_THAT(w.status().approved_by, Equals(std::vector<std::string>{"bob"}));
  CHECK(w.records.at("uid-1-approved-0").comment == "looks right");
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("one person counts once, however often and in whatever way they approve") {
  World w;
  w.s.policy = a_policy(2);
  w.settle();
  w.s.by(approve(sre("bob"))).by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.status().approvals == "1/2");
  CHECK(w.records.at("uid-1-policyviolation-1").message == "bob has approved already, and counts once");
}

TEST_CASE("an approval that does not count is recorded as a violation, in words") {
  World w;
  w.settle();
  w.s.by(approve(person("dave"))).by(approve(person("alice", {"developers", "sre"})));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.records.at("uid-1-policyviolation-0").message ==
        "dave is not an approver of AccessPolicy payments-debug, which names Group sre");
  CHECK(w.records.at("uid-1-policyviolation-1").message ==
        "alice asked for this access and so cannot approve it");
  CHECK(w.status().observed_decisions == 2);
  CHECK_FALSE(w.has(AuditAction::Approved));
}

TEST_CASE("a denial ends a request, over a quorum that was reached") {
  World w;
  w.settle();
  w.s.by(approve(sre("bob"))).by(deny(sre("carol"), "not during the freeze"));
  w.settle();
  CHECK(w.phase() == Phase::Denied);
  CHECK(w.status().complete);
  CHECK(w.status().message == "carol denied: not during the freeze");
  CHECK(w.record(AuditAction::Denied).actor == sre("carol"));
  CHECK(w.record(AuditAction::Denied).comment == "not during the freeze");
  CHECK(w.has(AuditAction::Approved));
  CHECK(w.condition("Granted") == "False Denied");
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("a denial by somebody who may not deny changes nothing") {
  World w;
  w.settle();
  w.s.by(deny(person("dave")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.has(AuditAction::PolicyViolation));
}

TEST_CASE("the requester withdraws what is pending") {
  World w;
  w.settle();
  w.s.by(revoke(person("alice"), "solved"));
  w.settle();
  CHECK(w.phase() == Phase::Withdrawn);
  CHECK(w.status().message == "alice withdrew this: solved");
  CHECK(w.has(AuditAction::Withdrawn));
}

TEST_CASE("the first of two that end a request is the one that counts") {
  World w;
  w.settle();
  w.s.by(revoke(person("alice"))).by(deny(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Withdrawn);
  CHECK_FALSE(w.has(AuditAction::Denied));
}

TEST_CASE("what the policy does not allow is Rejected with the rule's words") {
  World w;
  w.s.request.spec.duration = "5h";
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.status().complete);
  CHECK(w.status().ended_at == kNow);
  CHECK(w.status().message ==
        "spec.duration 5h is longer than the 4h that AccessPolicy payments-debug allows");
  CHECK(w.record(AuditAction::Rejected).message == w.status().message);
  CHECK(w.condition("Approved") == "False DurationTooLong");
  CHECK_THAT(w.told(), Equals(std::vector<std::string>{"Rejected"}));
  CHECK(w.events.back().type == "Warning");
}

TEST_CASE("an unknown policy is waited for, for five seconds") {
  World w;
  w.s.policy.reset();
  CHECK(w.step().next.time() == kNow + 5s);
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.condition("Approved") == "Unknown PolicyNotFound");
  SECTION("and then the request is Rejected") {
    w.s.at(kNow + 5s);
    w.settle();
    CHECK(w.phase() == Phase::Rejected);
    CHECK(w.condition("Approved") == "False PolicyNotFound");
  }
  SECTION("and goes on when it arrives, pinned only then") {
    CHECK_FALSE(w.status().role_ref);
    w.s.policy = a_policy();
    w.s.at(kNow + 2s);
    w.settle();
    CHECK(w.condition("Approved") == "False WaitingForApproval");
    CHECK(w.status().role_ref == cluster_role("view"));
    CHECK(w.status().policy->uid == "policy-uid");
  }
}

TEST_CASE("messages are cut to what the API server takes, whole characters only") {
  World w;
  w.settle();
  std::string comment;
  for (int i = 0; i < 1024; ++i) comment += "\xF0\x9F\x98\x80";
  w.s.by(deny(sre("bob"), comment));
  w.settle();
  CHECK(w.status().message.size() <= 4096);
  CHECK(w.events.back().note.size() <= 1024);
  CHECK(w.record(AuditAction::Denied).comment == comment);
}

TEST_CASE(
    "an approval from before role and duration were pinned does not count, unless the request says both itself") {
  World w;
  w.s.by(approve(sre("bob")));
  SECTION("the policy says both") {}
  SECTION("the policy says the duration") {
    w.s.request.spec.role = cluster_role("view");
  }
  SECTION("the policy says the role") {
    w.s.request.spec.duration = "30m";
  }
  SECTION("the request says both") {
    w.s.request.spec.role = cluster_role("view");
    w.s.request.spec.duration = "30m";
    w.settle();
    CHECK(w.phase() == Phase::Active);
    return;
  }
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False ApprovedTooEarly");
  CHECK_FALSE(w.has(AuditAction::Granted));
}

TEST_CASE("what was ended is not given again because it is asked for again") {
  World w;
  w.s.request.spec.start_time = "2026-11-24T20:00:00Z";
  Input input = w.s.input();
  input.earlier = EarlierRequest{.uid = "uid-0", .message = "bob revoked: enough", .time = kNow - 5min};
  const Decision decision = decide(input);
  const auto* update = std::get_if<UpdateStatus>(&decision.actions[2]);
  REQUIRE(update != nullptr);
  CHECK(update->status.phase == Phase::Rejected);
  CHECK(
      update->status.message ==
      "an earlier request payments/fix for the same time is over: bob revoked: enough (2026-11-24T19:55:00Z); what was ended is not given again: ask under another name, or for another time");
}

TEST_CASE(
    "a request of which the API server takes no record or status ends with the little that is always valid") {
  World w;
  w.settle();
  Input input = w.s.input();
  input.unstorable = "subject.namespace: Too long: may not be more than 63 bytes";
  const Decision decision = decide(input);
  REQUIRE(decision.actions.size() == 2);
  const auto& record = std::get<WriteRecord>(decision.actions[0]).record;
  CHECK(record.metadata.name == "uid-1-ended");
  CHECK(record.action == AuditAction::Rejected);
  CHECK(record.request == api::RequestRef{.ns = "payments", .name = "fix", .uid = "uid-1"});
  CHECK_FALSE(record.subject);
  CHECK_FALSE(record.actor);
  CHECK(
      record.message ==
      "what has to be recorded of this request is not valid, so that it cannot be granted: subject.namespace: Too long: may not be more than 63 bytes");
  const auto& status = std::get<UpdateStatus>(decision.actions[1]).status;
  CHECK(status.phase == Phase::Rejected);
  CHECK(status.complete);
  CHECK_FALSE(status.subject);
}

TEST_CASE("what was ended is refused at first sight, also where something else would be waited for") {
  World w;
  SECTION("a role that is not there yet") {
    w.s.role_exists = false;
  }
  SECTION("a namespace that is not known yet") {
    w.s.ns.reset();
  }
  Input input = w.s.input();
  input.earlier = EarlierRequest{.uid = "uid-0", .message = "bob revoked: enough", .time = kNow - 5min};
  const Decision decision = decide(input);
  const auto update = std::ranges::find_if(
      decision.actions, [](const Action& action) { return std::holds_alternative<UpdateStatus>(action); });
  REQUIRE(update != decision.actions.end());
  CHECK(std::get<UpdateStatus>(*update).status.phase == Phase::Rejected);
}

TEST_CASE(
    "a request whose end is stored, and whose status is not, is closed as that end says though nothing else can be stored") {
  World w;
  w.settle();
  Input input = w.s.input();
  input.unstorable = "too long";
  input.end_record = api::AuditRecord{};
  input.end_record->action = AuditAction::TimedOut;
  input.end_record->message = "not decided";
  const Decision decision = decide(input);
  REQUIRE(decision.actions.size() == 1);
  CHECK(std::get<UpdateStatus>(decision.actions[0]).status.phase == Phase::TimedOut);
  CHECK(std::get<UpdateStatus>(decision.actions[0]).status.message == "not decided");
}
