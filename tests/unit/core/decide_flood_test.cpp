#include <catch2/matchers/catch_matchers_vector.hpp>

#include "core_test.hpp"

using Catch::Matchers::Equals;

namespace {

const Flood kFlood{.message = "alice has 20 requests waiting",
                   .summary = {.record_name = "flood-2bd806c97f0e00af-1795551000",
                               .message = "alice has 20 requests waiting; others have no record of their own",
                               .is_recorded = false}};

Flood recorded_flood() {
  Flood flood = kFlood;
  flood.summary.is_recorded = true;
  return flood;
}

const RecordSummary kWithoutPolicy{.record_name = "flood-without-policy-payments-1795551000",
                                   .message = "there is no such policy; others have no record of their own",
                                   .is_recorded = false};

}  // namespace

TEST_CASE("the first request too many is rejected, and its record stands for those that follow") {
  World w;
  w.s.request.metadata.creation_timestamp = *parse_rfc3339("2026-11-24T20:13:07Z");
  w.s.flood = kFlood;
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.status().complete);
  CHECK(w.status().message == "alice has 20 requests waiting");
  CHECK(w.condition("Granted") == "False TooManyRequests");
  CHECK(w.condition("Approved") == "False TooManyRequests");
  REQUIRE(w.records.size() == 1);
  const api::AuditRecord& record = w.records.at("flood-2bd806c97f0e00af-1795551000");
  CHECK(record.action == AuditAction::Rejected);
  CHECK(record.actor == person("alice"));  // groups do not matter for a flood
  CHECK(record.reason.empty());
  CHECK(record.request.uid == "uid-1");
  CHECK(record.message == kFlood.summary.message);
  CHECK_THAT(w.told(), Equals(std::vector<std::string>{"Rejected"}));
}

TEST_CASE("those that follow cost one write each") {
  World w;
  w.s.flood = recorded_flood();
  const Decision decision = decide(w.s.input());
  REQUIRE(decision.actions.size() == 1);
  CHECK(std::holds_alternative<UpdateStatus>(decision.actions.front()));
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
}

TEST_CASE("a request too many that came and went is not recorded as withdrawn") {
  World w;
  w.s.flood = kFlood;
  w.s.gone = true;
  w.step();
  CHECK_FALSE(w.has(AuditAction::Withdrawn));
  CHECK(w.records.size() == 1);
  w.s.flood = recorded_flood();
  CHECK(decide(w.s.input()).actions.empty());
}

TEST_CASE("a request whose policy never was leaves its records when it is Rejected, or none of its own") {
  World w;
  w.s.policy.reset();
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.records.empty());
  CHECK(w.told().empty());
  w.s.at(kNow + 5s);
  SECTION("one of a few") {
    w.settle();
    REQUIRE(w.records.size() == 2);
    CHECK(w.record(AuditAction::Requested).actor == person("alice"));
    CHECK(w.record(AuditAction::Requested).reason == "INC-123");
    CHECK(w.record(AuditAction::Rejected).message == w.status().message);
    CHECK_THAT(w.told(), Equals(std::vector<std::string>{"Rejected"}));
  }
  SECTION("the first of too many") {
    w.s.without_policy = kWithoutPolicy;
    w.settle();
    REQUIRE(w.records.size() == 1);
    CHECK(w.records.at("flood-without-policy-payments-1795551000").message == kWithoutPolicy.message);
    CHECK(w.records.at("flood-without-policy-payments-1795551000").reason.empty());
  }
  SECTION("one of those that follow") {
    w.s.without_policy = kWithoutPolicy;
    w.s.without_policy->is_recorded = true;
    w.settle();
    CHECK(w.records.empty());
  }
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False PolicyNotFound");
  CHECK(w.status().message == "spec.policy \"payments-debug\": there is no AccessPolicy of that name");
}

TEST_CASE("a request whose policy never was and that is gone, or withdrawn, is summarised as well") {
  World w;
  w.s.policy.reset();
  w.s.without_policy = kWithoutPolicy;
  w.s.without_policy->is_recorded = true;
  SECTION("gone before it was looked at") {
    w.s.gone = true;
    CHECK(decide(w.s.input()).actions.empty());
  }
  SECTION("gone while its policy was waited for") {
    w.settle();
    w.s.gone = true;
    CHECK(decide(w.s.input()).actions.empty());
  }
  SECTION("withdrawn") {
    w.settle();
    w.s.by(revoke(person("alice"), "a typo"));
    w.settle();
    CHECK(w.phase() == Phase::Withdrawn);
    CHECK(w.records.empty());
  }
}

TEST_CASE("a request that is gone while its policy was waited for has both its records") {
  World w;
  w.s.policy.reset();
  w.settle();
  w.s.gone = true;
  w.step();
  CHECK(w.has(AuditAction::Requested));
  CHECK(w.has(AuditAction::Withdrawn));
}

TEST_CASE(
    "a request is recorded as soon as its policy is there, and has its own end when that is gone again") {
  World w;
  w.s.policy.reset();
  w.settle();
  CHECK(w.records.empty());
  w.s.policy = a_policy();
  w.s.at(kNow + 2s);
  w.settle();
  CHECK(w.record(AuditAction::Requested).actor == person("alice", {"developers"}));
  CHECK(w.told().empty());
  w.s.policy.reset();
  w.s.without_policy = kWithoutPolicy;
  w.s.at(kNow + 1h);
  w.settle();
  w.s.at(kNow + 1h + 5s);
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.has(AuditAction::Rejected));
  CHECK(w.records.contains("uid-1-ended"));
}

TEST_CASE("a record has the reason as a field, and its message stays short") {
  World w;
  w.s.request.spec.reason = std::string(1024, 'x');
  w.s.policy->spec.approval.approvers = {user(std::string(2000, 'y'))};
  w.settle();
  CHECK(w.record(AuditAction::Requested).reason == w.s.request.spec.reason);
  CHECK(w.record(AuditAction::Requested).message ==
        "alice asks for ClusterRole view in payments for 30m under AccessPolicy payments-debug");
  w.s.by(approve(person("dave")));
  w.settle();
  CHECK(w.record(AuditAction::PolicyViolation).message.size() <= 1024);
}

TEST_CASE("a request that was looked at before is no part of a flood") {
  World w;
  w.settle();
  REQUIRE(w.phase() == Phase::Pending);
  w.s.flood = kFlood;
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Active);
}
