#include "core/effective.hpp"
#include "forged.hpp"

// States that are possible only if the admission policies were bypassed: by removing them, or by writing to
// etcd.

TEST_CASE("a binding that was deleted and made again, word for word, is deleted and recorded as Tampered") {
  World w = active_world();
  w.s.now += 1min;
  w.s.binding->metadata.uid = "forged";
  CHECK(removes_binding_first(decide(w.s.input())));
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False BindingChanged");
  CHECK(w.record(AuditAction::Tampered).message ==
        "RoleBinding curfew-uid-1 was deleted and made again by somebody");
  CHECK(times_told(w, "Tampered") == 1);
}

TEST_CASE("a binding that is made again after the end is deleted and recorded as Tampered, each of them") {
  World w = expired_world();
  const auto status = w.status();
  for (const int times : {1, 2}) {
    w.s.now += 10s;
    w.s.binding = forged(w, kEnd + 1h);
    CHECK(removes_binding_first(decide(w.s.input())));
    w.settle();
    CHECK_FALSE(w.s.binding);
    CHECK(times_told(w, "Tampered") == times);
  }
  CHECK(w.status() == status);
  CHECK(std::count_if(w.records.begin(), w.records.end(),
                      [](const auto& entry) { return entry.second.action == AuditAction::Tampered; }) == 2);
  CHECK(
      w.record(AuditAction::Tampered).message ==
      "RoleBinding curfew-uid-1 was made by somebody at 2026-11-24T20:30:10Z, after this request had ended");
}

TEST_CASE("a binding that was left over from before the end is deleted, and nobody is blamed") {
  World w = expired_world();
  w.s.binding = forged(w, kEnd + 1h);
  w.s.binding->metadata.creation_timestamp = kNow;
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK_FALSE(w.has(AuditAction::Tampered));
}

TEST_CASE("a binding that no record tells of is not taken for a grant under way") {
  World w;
  w.settle();
  w.s.policy->spec.approval.required = GENERATE(0, 1);
  w.s.binding = forged(w, kNow + 100h);
  w.step();
  CHECK_FALSE(w.s.binding);
  CHECK(w.record(AuditAction::Tampered).message ==
        "RoleBinding curfew-uid-1 is there although no AuditRecord says that it was granted");
  CHECK_FALSE(w.has(AuditAction::Granted));
}

TEST_CASE("a binding that was replaced before the grant was complete is deleted and ends it") {
  World w = approved_world();
  w.step(3);
  REQUIRE(w.s.binding);
  w.s.binding->metadata.uid = "forged";
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.has(AuditAction::Tampered));
}

TEST_CASE("a binding of a request that is over and never had access is deleted, and recorded as Tampered") {
  World w;
  w.settle();
  w.s.by(deny(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Denied);
  const auto status = w.status();
  w.s.binding = forged(w, kNow + 1h);
  w.s.binding->metadata.creation_timestamp = kNow - 1h;
  if (GENERATE(true, false)) w.s.binding->metadata.owner_references.clear();
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK(
      w.record(AuditAction::Tampered).message ==
      "RoleBinding curfew-uid-1 was made by somebody: no AuditRecord says that access was granted to this request");
  CHECK(w.status() == status);
}

TEST_CASE("a binding with the label of a request that waits is deleted although it has no owner") {
  World w;
  w.settle();
  w.s.binding = forged(w, kNow + 1h);
  w.s.binding->metadata.owner_references.clear();
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK(w.has(AuditAction::Tampered));
  CHECK(w.phase() == Phase::Pending);
}

TEST_CASE("a binding that is left when its request is over is forged where another one was granted") {
  World w = expired_world();
  w.s.end_record = w.record(AuditAction::Expired);
  REQUIRE(w.s.end_record->binding);
  REQUIRE(w.s.end_record->binding->uid == "binding-1");
  w.s.binding = forged(w, kEnd + 1h);
  w.s.binding->metadata.creation_timestamp = kNow;
  const bool is_granted_one = GENERATE(true, false);
  if (is_granted_one) w.s.binding->metadata.uid = "binding-1";
  w.step();
  CHECK_FALSE(w.s.binding);
  CHECK(w.has(AuditAction::Tampered) != is_granted_one);
  if (is_granted_one) return;
  CHECK(w.record(AuditAction::Tampered).message ==
        "RoleBinding curfew-uid-1 was made by somebody: it is not the one that was granted");
  CHECK(w.record(AuditAction::Tampered).binding->uid == "forged");
}

TEST_CASE("a request that waits is granted after a binding was forged for it, and the records name its own") {
  World w;
  w.settle();
  w.s.binding = forged(w, kNow + 100h);
  w.s.last_binding_uid = "forged";
  w.settle();
  CHECK(w.record(AuditAction::Tampered).binding->uid == "forged");
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.record(AuditAction::Granted).binding->uid == "binding-1");
  w.s.now = kEnd + 10s;
  w.s.binding.reset();
  w.settle();
  CHECK(w.record(AuditAction::Expired).binding->uid == "binding-1");
}

TEST_CASE("a decision that the status already knows, but Curfew does not, is news") {
  World w;
  w.settle();
  w.s.guard = {.in_force = false, .difference = "missing"};
  w.s.request.status.observed_decisions = 1;
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK_FALSE(w.has(AuditAction::Approved));
  w.s.guard = {.in_force = true, .since = kNow + 10s};
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False GuardNotInForce");
}

TEST_CASE("a request whose status says that it was seen, but that Curfew has not seen, is news") {
  World w;
  w.s.guard = {.in_force = false, .difference = "missing"};
  w.s.request.status.phase = Phase::Pending;
  w.s.request.status.policy = core::reference_to(a_policy());
  w.settle();
  CHECK(w.condition("Approved") == "Unknown GuardNotInForce");
  CHECK(w.status().policy->uid.empty());
  w.s.guard = {.in_force = true, .since = kNow + 10s};
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False GuardNotInForce");
}

TEST_CASE(
    "an end that somebody pushed out, in the binding and in the status alike, is not later than its record says") {
  World w = active_world();
  w.s.request.status.expires_at = kEnd + 10h;
  SECTION("in both: the binding is wrong by the record") {
    w.s.binding->metadata.annotations["curfew.dev/expires-at"] = format_rfc3339(kEnd + 10h);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.has(AuditAction::Tampered));
  }
  SECTION("in the status: it is put right") {
    w.settle();
    CHECK(w.phase() == Phase::Active);
    CHECK(w.status().expires_at == kEnd);
  }
}
