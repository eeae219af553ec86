#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "world.hpp"

// Schedules, start times, timeouts and limits. kNow is Tuesday, 2026-11-24 20:00 UTC, 21:00 in Berlin.
using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;
using api::AuditAction;
using api::Phase;

namespace {

api::Schedule office_hours(bool ends_with_window = false) {
  return {.time_zone = "Europe/Berlin",
          .windows = {{{"Mon", "Tue", "Wed", "Thu", "Fri"}, "08:00", "18:00"}},
          .end_at_window_close = ends_with_window};
}

constexpr TimePoint kOpening =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 25) + 7h;  // Wednesday 08:00 in Berlin
constexpr TimePoint kClosing = kOpening + 10h;

World world_with(const api::Schedule& schedule, int required = 1) {
  World w;
  w.s.policy = a_policy(required);
  w.s.policy->spec.schedule = schedule;
  return w;
}

World world_from(const std::string& start, int required = 1) {
  World w;
  w.s.policy = a_policy(required);
  w.s.request.spec.start_time = start;
  return w;
}

TimePoint wake_of(const World& w) {
  const Decision decision = decide(w.s.input());
  REQUIRE(decision.actions.empty());
  REQUIRE(decision.next.time());
  return *decision.next.time();
}

}  // namespace

TEST_CASE("outside its schedule an approved request waits for the opening, which its message names") {
  World w = world_with(office_hours());
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.condition("Approved") == "True QuorumReached");
  CHECK(w.condition("Granted") == "False OutsideSchedule");
  CHECK(
      w.status().message ==
      "approved, outside the schedule of AccessPolicy payments-debug, which opens next at 2026-11-25T07:00:00Z (Wed 08:00 Europe/Berlin)");
  CHECK(wake_of(w) == kOpening);

  w.s.at(kOpening - 1us);
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  w.s.at(kOpening);
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().expires_at == kOpening + 30min);
}

TEST_CASE(
    "a request that waits for approval outside its schedule tells of both, and wakes to tell of the opening") {
  World w = world_with(office_hours());
  w.settle();
  CHECK(
      w.status().message ==
      "waiting for 1 more approval (0/1) from Group sre; outside the schedule of AccessPolicy payments-debug, which opens next at "
      "2026-11-25T07:00:00Z (Wed 08:00 Europe/Berlin)");
  CHECK(wake_of(w) == kOpening);
  w.s.at(kOpening);
  w.settle();
  CHECK(w.status().message == "waiting for 1 more approval (0/1) from Group sre");
  CHECK(wake_of(w) == kClosing);
}

TEST_CASE("endAtWindowClose clips the end of a grant, and only then") {
  const bool clips = GENERATE_COPY(true, false);
  World w = world_with(office_hours(clips), 0);
  w.s.at(kClosing - 10min);
  w.s.request.metadata.creation_timestamp = w.s.now;
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().expires_at == (clips ? kClosing : kClosing + 20min));
  CHECK(w.record(AuditAction::Granted).expires_at == w.status().expires_at);
  w.s.at(kClosing);
  w.settle();
  CHECK(w.phase() == (clips ? Phase::Expired : Phase::Active));
}

TEST_CASE("an approval that comes after the window has closed waits for the next one") {
  World w = world_with(office_hours());
  w.s.at(kClosing - 1min);
  w.settle();
  w.s.at(kClosing).by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(wake_of(w) == kOpening + 24h);
}

TEST_CASE("a schedule whose policy is not ready grants nothing") {
  World w = world_with({.time_zone = "Europe/Atlantis", .windows = {{{"Tue"}, "00:00", "24:00"}}}, 0);
  w.settle();
  w.s.at(kNow + 6s);
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False PolicyNotReady");
}

TEST_CASE("an approved request with a start time is Scheduled until then, and ends when it was asked to") {
  World w = world_from("2026-11-24T21:00:00Z");
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Scheduled);
  CHECK(w.condition("Granted") == "False Scheduled");
  CHECK(w.status().message == "approved, access starts at 2026-11-24T21:00:00Z, as asked in spec.startTime");
  CHECK(wake_of(w) == kNow + 1h);
  w.s.at(kNow + 1h + 400ms);
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().granted_at == kNow + 1h);
  CHECK(w.status().expires_at == kNow + 1h + 30min);
}

TEST_CASE("approved late, a request with a start time ends when it was asked to") {
  World w = world_from("2026-11-24T21:00:00Z");
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  w.s.at(kNow + 1h + 10min).by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().expires_at == kNow + 1h + 30min);
}

TEST_CASE("a time that passed entirely ends the request without a grant, approved or not") {
  World w = world_from("2026-11-24T21:00:00Z");
  const bool is_approved = GENERATE_COPY(true, false);
  w.settle();
  if (is_approved) w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(decide(w.s.input()).next.time().value() <= kNow + 1h + 30min);
  w.s.at(kNow + 1h + 30min);
  w.settle();
  CHECK(w.phase() == Phase::Expired);
  CHECK(w.condition("Granted") == "False StartMissed");
  CHECK(
      w.status().message ==
      "the time that was asked for, from 2026-11-24T21:00:00Z to 2026-11-24T21:30:00Z, has passed without a grant");
  CHECK_FALSE(w.has(AuditAction::Granted));
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("a scheduled request is decided on like a pending one") {
  World w = world_from("2026-11-24T21:00:00Z");
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  SECTION("denied") {
    w.s.by(deny(sre("carol"), "not tonight"));
    w.settle();
    CHECK(w.phase() == Phase::Denied);
  }
  SECTION("withdrawn") {
    w.s.by(revoke(person("alice"), "solved"));
    w.settle();
    CHECK(w.phase() == Phase::Withdrawn);
  }
  SECTION("rejected, once the policy does not allow it any more") {
    w.s.policy->spec.suspend = true;
    w.settle();
    CHECK(w.phase() == Phase::Rejected);
    CHECK(w.condition("Granted") == "False PolicySuspended");
  }
  SECTION("pending again, when its approver is removed") {
    w.s.policy->spec.approval.approvers = {user("carol")};
    w.settle();
    CHECK(w.phase() == Phase::Pending);
    CHECK(w.status().approvals == "0/1");
  }
}

TEST_CASE(
    "a start outside the schedule waits for the opening, and no longer than the time that was asked for") {
  World w = world_from("2026-11-25T06:45:00Z", 0);
  w.s.policy->spec.schedule = office_hours();
  w.s.at(kOpening - 15min);
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(wake_of(w) == kOpening);
  w.s.at(kOpening);
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().expires_at == kOpening + 15min);
}

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

TEST_CASE("whoever has as much as the limit allows is told so, with the figures") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 2, .cooldown = ""};
  w.s.usage.active = 2;
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False TooManyActive");
  CHECK(
      w.status().message ==
      "alice has 2 active under AccessPolicy payments-debug, whose limits.activePerRequester is 2: end one first, with the annotation curfew.dev/revoke");
}

TEST_CASE("below the limit, and after the cooldown, access is granted") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 2, .cooldown = "15m"};
  w.s.usage = {.active = 1, .last_end = kNow - 15min};
  w.settle();
  CHECK(w.phase() == Phase::Active);
}

TEST_CASE("during the cooldown a request is rejected and says from when to ask again") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits =
      api::AccessPolicySpec::Limits{.active_per_requester = std::nullopt, .cooldown = "15m"};
  w.s.usage.last_end = kNow - 15min + 1us;
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False Cooldown");
  CHECK(
      w.status().message ==
      "alice had access under AccessPolicy payments-debug until 2026-11-24T19:45:00Z, and its limits.cooldown is 15m: ask again from 2026-11-24T20:00:01Z");
}

TEST_CASE("a grant that was begun goes on only within the limits: others may have been given since") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 1, .cooldown = ""};
  w.step();   // the pinned status
  w.step(1);  // the Granted record, then a crash
  REQUIRE(w.has(AuditAction::Granted));
  w.s.usage.active = GENERATE(0, 1);
  w.settle();
  CHECK(w.phase() == (w.s.usage.active == 0 ? Phase::Active : Phase::Revoked));
  CHECK(w.s.binding.has_value() == (w.s.usage.active == 0));
}

TEST_CASE("limits are asked when access would start, not before") {
  World w = world_from("2026-11-24T21:00:00Z", 0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 1, .cooldown = ""};
  w.s.usage.active = 1;
  w.settle();
  CHECK(w.phase() == Phase::Scheduled);
  w.s.usage.active = 0;
  w.s.at(kNow + 1h);
  w.settle();
  CHECK(w.phase() == Phase::Active);
}

TEST_CASE("the subject gets the access and cannot approve it") {
  World w;
  w.s.policy->spec.subjects = {user("carol")};
  w.s.request.spec.subject = user("carol");
  w.settle();
  w.s.by(approve(sre("carol")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  CHECK(w.s.binding->subjects == std::vector{user("carol")});
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
  w.step(2);  // records Approved and Granted
  REQUIRE(w.has(AuditAction::Granted));
  REQUIRE_FALSE(w.s.binding);
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
