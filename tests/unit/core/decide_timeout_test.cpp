#include "core_test.hpp"
#include "timing.hpp"

// The time within which a request must be decided.

TEST_CASE("a request that nobody decides times out") {
  World w;
  w.s.policy = a_policy(2);
  w.s.policy->spec.approval.timeout = "8h";
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(wake_of(w) == kNow + 8h);
  w.s.at(kNow + 8h - 1us);
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  w.s.at(kNow + 8h);
  w.settle();
  CHECK(w.phase() == Phase::TimedOut);
  CHECK(w.status().message ==
        "not decided within 8h, which is spec.approval.timeout of AccessPolicy payments-debug (1/2)");
  CHECK(w.has(AuditAction::TimedOut));
  CHECK(w.told().back() == "TimedOut");
}

TEST_CASE("what has been approved in time does not time out while it waits for its schedule") {
  World w = world_with(office_hours());
  w.s.policy->spec.approval.timeout = "1h";
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  w.s.at(kNow + 2h);
  w.settle();
  CHECK(w.phase() == Phase::Pending);
}

TEST_CASE("past the deadline an approval counts only where it was observed before") {
  World w;
  w.s.policy = a_policy(2);
  w.s.policy->spec.approval.timeout = "1h";
  w.settle();
  w.s.by(approve(sre("bob")));
  SECTION("one of two, the other first seen afterwards") {
    w.settle();
    w.s.by(approve(sre("carol"))).at(kNow + 1h);
    w.settle();
    CHECK(w.phase() == Phase::TimedOut);
    CHECK(w.status().approvals == "1/2");
    CHECK(
        w.records.at("uid-1-policyviolation-1").message ==
        "carol approved too late: this was first seen after 2026-11-24T21:00:00Z, when the 1h of spec.approval.timeout of AccessPolicy payments-debug had passed");
  }
  SECTION("none was seen, because nobody ran") {
    w.s.by(approve(sre("carol"))).at(kNow + 2h);
    w.restart();
    w.settle();
    CHECK(w.phase() == Phase::TimedOut);
    CHECK(w.status().approvals == "0/2");
  }
  SECTION("both were seen, and the schedule opens afterwards") {
    w.s.policy->spec.schedule =
        api::Schedule{.time_zone = "UTC", .windows = {{.days = {"Tue"}, .start = "22:00", .end = "23:00"}}};
    w.s.by(approve(sre("carol")));
    w.settle();
    REQUIRE(w.phase() == Phase::Pending);
    w.s.at(kNow + 150min);
    w.restart();
    w.settle();
    CHECK(w.phase() == Phase::Active);
  }
  SECTION("and a denial that is first seen afterwards is still a denial") {
    w.settle();
    w.s.by(deny(sre("carol"))).at(kNow + 2h);
    w.settle();
    CHECK(w.phase() == Phase::Denied);
  }
  CHECK(w.has(AuditAction::Granted) == (w.phase() == Phase::Active));
}

TEST_CASE("a grant that was recorded before the deadline is gone on with after it") {
  World w;
  w.s.policy->spec.approval.timeout = "1h";
  w.s.policy->spec.default_duration = "2h";
  w.settle();
  w.s.by(approve(sre("bob"))).at(kNow + 59min);
  w.step(3);  // record Approved, the binding, record Granted
  REQUIRE(w.has(AuditAction::Granted));
  w.s.at(kNow + 61min);
  w.settle();
  CHECK(w.phase() == Phase::Active);
}

TEST_CASE("an approval that another leader observed, as the status says, was in time") {
  World w;
  w.s.policy->spec.approval.timeout = "1h";
  w.s.policy->spec.schedule = office_hours();
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.status().observed_decisions == 1);
  w.s.observed_decisions = 0;  // this process began its term before that status arrived
  w.s.at(kNow + 2h);
  w.settle();
  CHECK(w.phase() == Phase::Pending);
}
