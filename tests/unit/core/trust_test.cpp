#include "core/decide/trust.hpp"

#include "core_test.hpp"

// The author of a decision: only the guard establishes it, so a decision written without the guard has no
// author.

namespace {

World active_for_five_minutes() {
  World w = active_world();
  w.s.at(kNow + 5min);
  return w;
}

void check_ended_by_nobody(const World& w) {
  CHECK(w.phase() == Phase::Revoked);
  CHECK_FALSE(w.s.binding);
  CHECK_FALSE(w.record(AuditAction::Revoked).actor);
  CHECK(w.record(AuditAction::Revoked).comment.empty());
  CHECK(w.condition("Granted") == "False GuardNotInForce");
  CHECK(
      w.status().message ==
      "this was revoked in the name of carol, by whom is not known: the admission policies that establish who decides were not in force, or nobody watched");
}

void check_ended_by_carol(const World& w) {
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.record(AuditAction::Revoked).actor == sre("carol"));
}

}  // namespace

TEST_CASE(
    "a revocation that comes while the guard is away ends access in nobody's name, also if the guard is back before the binding is gone") {
  World w = active_for_five_minutes();
  w.s.guard = {.in_force = false, .since = kNow + 6min, .difference = "one is missing"};
  w.s.by(revoke(sre("carol"), "done"));
  w.s.unwatched_decisions = 2;  // as Gatherer counts what it sees in that time
  if (GENERATE(true, false)) {
    w.step();
    w.s.guard = {.in_force = true, .since = kNow + 6min, .difference = {}};
  }
  w.settle();
  check_ended_by_nobody(w);
}

TEST_CASE(
    "a revocation that nobody saw come is hers if the guard has not changed since the request was made, and nobody's otherwise") {
  World w = active_for_five_minutes();
  w.s.by(revoke(sre("carol"), "done"));
  w.restart();
  REQUIRE(w.s.unwatched_decisions == 2);
  const bool has_changed = GENERATE(true, false);
  w.s.guard = {.in_force = true, .since = has_changed ? kNow + 1min : kNow, .difference = {}};
  w.settle();
  has_changed ? check_ended_by_nobody(w) : check_ended_by_carol(w);
}

TEST_CASE("a revocation that Curfew saw come under the guard is hers, however young the guard is") {
  World w = active_for_five_minutes();
  w.restart();
  w.s.guard = {.in_force = true, .since = kNow + 1min, .difference = {}};
  w.s.by(revoke(sre("carol"), "done"));
  w.settle();
  check_ended_by_carol(w);
}

TEST_CASE("a grant that was under way is not ended in the name of somebody who may not have said so") {
  World w;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.step(3);  // the approval and the grant are recorded
  REQUIRE(w.has(AuditAction::Granted));
  w.s.by(revoke(sre("carol"), "done"));
  w.restart();
  w.s.granted_record = w.record(AuditAction::Granted);
  w.s.guard = {.in_force = true, .since = kNow + 1min, .difference = {}};
  w.s.at(kNow + 5min);
  w.settle();
  check_ended_by_nobody(w);
}

TEST_CASE("no record names anybody for what was written while the guard was away") {
  World w = active_for_five_minutes();
  w.s.guard = {.in_force = false, .since = kNow + 6min, .difference = "one is missing"};
  const auto decision =
      GENERATE(values<api::Decision>({approve(sre("carol"), "forged"), revoke(person("carol"), "forged")}));
  w.s.by(decision);
  w.s.unwatched_decisions = 2;
  w.settle();
  CHECK(w.phase() == Phase::Active);
  const api::AuditRecord& record = w.records.at("uid-1-policyviolation-1");
  CHECK_FALSE(record.actor);
  CHECK(record.comment.empty());
  CHECK(record.message.find("in the name of carol") != std::string::npos);
  CHECK(w.records.size() == 4);  // Requested, Approved by bob, Granted, and this one
}
