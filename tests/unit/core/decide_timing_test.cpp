#include "core_test.hpp"
#include "timing.hpp"

// Schedules and start times. kNow is Tuesday, 2026-11-24 20:00 UTC, 21:00 in Berlin.

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
