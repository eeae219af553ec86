#include <catch2/matchers/catch_matchers_string.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>

#include "core_test.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;

// Requests and decisions while the guard is not in force, and after that.

namespace {

void take_guard_away(World& w) {
  w.s.guard = {.in_force = false, .difference = "policy curfew-identity is missing"};
}

void put_guard_back(World& w, TimePoint since) {
  w.s.guard = {.in_force = true, .since = since, .difference = {}};
  w.settle();
}

}  // namespace

TEST_CASE("what is first seen while the guard is not in force waits, and nothing of it is recorded") {
  World w;
  SECTION("a request") {
    take_guard_away(w);
    w.settle();
    CHECK(w.records.empty());
    CHECK(w.events.empty());
    CHECK(w.condition("Approved") == "Unknown GuardNotInForce");
    CHECK_FALSE(w.s.observed_decisions);
  }
  SECTION("a decision") {
    w.settle();
    take_guard_away(w);
    w.s.by(approve(sre("bob")));
    w.settle();
    CHECK_FALSE(w.has(AuditAction::Approved));
    CHECK(w.condition("Approved") == "False WaitingForApproval");
  }
  SECTION("a withdrawal") {
    w.settle();
    take_guard_away(w);
    w.s.by(revoke(*w.s.request.spec.requester));
    w.settle();
    CHECK_FALSE(w.has(AuditAction::Withdrawn));
  }
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.condition("Granted") == "False GuardNotInForce");
  CHECK_THAT(w.status().message, ContainsSubstring("policy curfew-identity is missing"));
}

TEST_CASE("what waited for the guard is believed if that continues the guard before, and decided") {
  World w;
  SECTION("a request, as at first sight") {
    take_guard_away(w);
    w.settle();
    if (GENERATE(true, false)) w.restart();
    put_guard_back(w, kNow - 1h);
    CHECK(w.has(AuditAction::Requested));
    CHECK(w.condition("Approved") == "False WaitingForApproval");
    w.s.by(approve(sre("bob")));
  }
  SECTION("a request and its approval") {
    take_guard_away(w);
    w.settle();
    w.s.by(approve(sre("bob")));
    w.settle();
    if (GENERATE(true, false)) w.restart();
    put_guard_back(w, kNow - 1h);
  }
  SECTION("an approval") {
    w.settle();
    take_guard_away(w);
    w.s.by(approve(sre("bob")));
    w.settle();
    if (GENERATE(true, false)) w.restart();
    put_guard_back(w, kNow - 1h);
  }
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.record(AuditAction::Requested).actor == w.s.request.spec.requester);
  CHECK(w.record(AuditAction::Approved).actor == sre("bob"));
}

TEST_CASE("what is older than the guard is Rejected at once, not when somebody approves it") {
  World w;
  SECTION("a request that was never seen") {}
  SECTION("a request that waited for the guard") {
    take_guard_away(w);
    w.settle();
    if (GENERATE(true, false)) w.restart();
  }
  SECTION("a request that waits for approval") {
    w.settle();
    if (GENERATE(true, false)) w.restart();
  }
  SECTION("a decision that was not seen before") {
    w.settle();
    w.s.by(approve(sre("bob")));
  }
  put_guard_back(w, kNow + 10s);
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False GuardNotInForce");
  CHECK_THAT(w.status().message, ContainsSubstring("ask again"));
}

TEST_CASE(
    "a request of the second in which the guard came into force is believed: its time has no fraction") {
  World w;
  w.s.guard.since = kNow + 900ms;
  w.settle();
  CHECK(w.phase() == Phase::Pending);
}

TEST_CASE("what was seen under the guard waits while it is not in force, and goes on after") {
  World w;
  w.bindings_are_forbidden = true;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  w.s.guard = {.in_force = false, .difference = "policy curfew-identity differs"};
  w.restart();
  w.bindings_are_forbidden = false;
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.condition("Granted") == "False GuardNotInForce");
  CHECK_FALSE(w.s.binding);
  w.s.guard = {.in_force = true, .since = kNow + 20s};
  w.s.at(kNow + 20s);
  w.settle();
  CHECK(w.phase() == Phase::Active);
}
