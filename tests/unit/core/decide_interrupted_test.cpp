#include <catch2/generators/catch_generators_range.hpp>

#include "core_test.hpp"

// A crash, or a refused record, between the binding of a grant and the record of it.

namespace {

// The approval's record and the binding are written, and nothing after them: a crash.
World interrupted_world() {
  World w = approved_after_ten_seconds();
  w.step(2);
  REQUIRE(w.s.binding);
  w.restart();
  return w;
}

}  // namespace

TEST_CASE("a crash between any two steps of a grant is made good by the next decision") {
  const std::size_t done_before_crash = GENERATE(range(std::size_t{0}, std::size_t{7}));
  World w = approved_after_ten_seconds();
  w.step(done_before_crash);
  w.restart();
  w.s.at(kNow + 60s);
  w.settle();
  CHECK(w.phase() == Phase::Active);
  REQUIRE(w.s.binding);
  CHECK(w.record(AuditAction::Granted).granted_at == w.status().granted_at);
  CHECK(w.record(AuditAction::Granted).expires_at == w.status().expires_at);
  CHECK(w.s.binding->metadata.annotations.at("curfew.dev/expires-at") ==
        format_rfc3339(*w.status().expires_at));
}

TEST_CASE("a binding whose record a crash prevented, and whose end has passed since, is recorded and ended") {
  World w = interrupted_world();
  w.s.at(kNow + 1h);
  w.settle();
  CHECK(w.phase() == Phase::Expired);
  CHECK_FALSE(w.s.binding);
  CHECK(w.record(AuditAction::Granted).expires_at == kNow + 10s + 30min);
}

TEST_CASE(
    "a binding whose record a crash prevented, and that its end took before anybody looked, is recorded") {
  World w = interrupted_world();
  SECTION("a moment before its end, as Curfew deletes it") {
    w.s.at(kNow + 10s + 30min - 300ms);
    w.lose_binding();
    w.settle();
    CHECK(w.phase() == Phase::Expired);
    CHECK(w.record(AuditAction::Granted).expires_at == kNow + 10s + 30min);
    CHECK(w.record(AuditAction::Granted).binding->uid == w.record(AuditAction::Expired).binding->uid);
    CHECK(w.bindings_made() == 1);
  }
  SECTION("its request was deleted meanwhile") {
    w.s.at(kNow + 10s + 30min - 300ms);
    w.lose_binding();
    w.s.gone = true;
    w.step();
    CHECK(w.has(AuditAction::Granted));
    w.step();
    CHECK(w.has(AuditAction::Revoked));
    CHECK_FALSE(w.has(AuditAction::Withdrawn));
  }
  SECTION("somebody's, which was no grant") {
    w.s.at(kNow + 10s + 30min - 300ms);
    w.s.binding->subjects = {group("everybody")};
    w.lose_binding();
    w.settle();
    CHECK(w.bindings_made() == 2);
  }
  SECTION("one that went long before its end is granted again, as one that was refused its record") {
    w.s.at(kNow + 20min);
    w.lose_binding();
    w.settle();
    CHECK(w.phase() == Phase::Active);
    CHECK(w.bindings_made() == 2);
    CHECK(w.record(AuditAction::Granted).binding->uid == w.s.binding->metadata.uid);
  }
}

TEST_CASE("access whose record a crash prevented is recorded, and ended by what happened meanwhile") {
  World w = interrupted_world();
  SECTION("a denial") {
    w.s.by(deny(sre("carol")));
    w.settle();
    CHECK(w.record(AuditAction::Revoked).actor == sre("carol"));
  }
  SECTION("a revocation") {
    w.s.by(revoke(person("alice")));
    w.settle();
    CHECK(w.record(AuditAction::Revoked).message == "alice revoked");
  }
  SECTION("a policy that is gone") {
    w.s.policy.reset();
    w.settle();
    w.s.at(w.s.now + 10s);
    w.settle();
    CHECK(w.condition("Granted") == "False PolicyNotFound");
  }
  SECTION("the policy") {
    w.s.policy->spec.max_duration = "10m";
    w.s.policy->spec.default_duration = "10m";
    w.settle();
    CHECK(w.condition("Granted") == "False DurationTooLong");
  }
  SECTION("the quorum") {
    w.s.policy->spec.approval.required = 2;
    w.settle();
    CHECK(w.condition("Granted") == "False NotEnoughApprovals");
  }
  SECTION("its time, before anybody led again") {
    w.s.at(kNow + 2h);
    w.settle();
    CHECK(w.phase() == Phase::Expired);
    CHECK(w.record(AuditAction::Expired).message == "access ended at 2026-11-24T20:30:10Z: its time was up");
  }
  CHECK_FALSE(w.s.binding);
  CHECK(w.status().complete);
  CHECK(w.record(AuditAction::Granted).message ==
        "User alice has ClusterRole view in payments until 2026-11-24T20:30:10Z, approved by bob");
  CHECK_FALSE(w.has(AuditAction::Tampered));
  CHECK_FALSE(w.has(AuditAction::PolicyViolation));
}

TEST_CASE("a binding without a record that Curfew did not make is removed") {
  World w = interrupted_world();
  SECTION("nobody knows who made it while the guard was away") {
    w.s.guard = {.in_force = false, .difference = "missing"};
  }
  SECTION("its approval is not on record") {
    std::erase_if(w.records, [](const auto& entry) { return entry.second.action == AuditAction::Approved; });
  }
  SECTION("it names other approvers") {
    w.s.binding->metadata.annotations["curfew.dev/approved-by"] = R"(["carol"])";
  }
  SECTION("it ends too late") {
    w.s.binding->metadata.annotations["curfew.dev/expires-at"] = "2026-11-24T20:30:16Z";
  }
  SECTION("it begins before it was due") {
    w.s.request.spec.start_time = "2026-11-24T20:10:00Z";
  }
  w.step();
  CHECK_FALSE(w.s.binding);
  CHECK_FALSE(w.has(AuditAction::Granted));
  CHECK_FALSE(w.status().granted_at);
  CHECK(w.record(AuditAction::Tampered).message ==
        "RoleBinding curfew-uid-1 is there although no AuditRecord says that it was granted");
}

TEST_CASE("an approval that is on record was in time, though the status did not show it before a crash") {
  World w;
  w.s.policy->spec.approval.timeout = "1h";
  w.settle();
  w.s.by(approve(sre("bob")));
  w.step(1);  // the record
  REQUIRE(w.has(AuditAction::Approved));
  REQUIRE_FALSE(w.s.binding);
  w.restart();
  w.s.at(kNow + 2h);
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK_FALSE(w.has(AuditAction::PolicyViolation));
}

TEST_CASE("a binding whose record a crash prevented is the grant if Curfew would make it now") {
  World w = interrupted_world();
  w.s.at(kNow + 60s);
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().granted_at == kNow + 10s);
  CHECK(w.status().expires_at == kNow + 10s + 30min);
  CHECK(w.record(AuditAction::Granted).binding == api::RecordedBinding{"curfew-uid-1", "binding-1"});
}

TEST_CASE("a binding without a record is the grant also if Curfew's clock was ahead of the API server's") {
  World w = interrupted_world();
  w.s.binding->metadata.annotations["curfew.dev/expires-at"] = "2026-11-24T20:30:12Z";
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().granted_at == kNow + 12s);
  CHECK(w.status().expires_at == kNow + 12s + 30min);
  CHECK_FALSE(w.has(AuditAction::Tampered));
}

TEST_CASE("after a binding that is not Curfew's, the grant is made") {
  World w = interrupted_world();
  w.s.binding->metadata.annotations["curfew.dev/expires-at"] = "2026-11-24T20:30:16Z";
  w.step();
  CHECK(w.record(AuditAction::Tampered).binding->uid == "binding-1");
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.record(AuditAction::Granted).binding->uid == "binding-2");
}

TEST_CASE("a binding whose record is refused is removed, and tried again later") {
  World w = approved_after_ten_seconds();
  w.step(2);
  w.s.failure = GrantFailure{.reason = "RecordRefused",
                             .message = "the AuditRecord of the grant was refused: no",
                             .first_at = w.s.now,
                             .tried_at = w.s.now,
                             .retry_at = w.s.now + 60s};
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK_FALSE(w.has(AuditAction::Tampered));
  CHECK(w.condition("Granted") == "False RecordRefused");
}

TEST_CASE("a policy that is changed around a crash accuses nobody") {
  World w = interrupted_world();
  SECTION("it requires less than the status says") {
    w.s.request.status.approvals = "1/2";
    w.settle();
    CHECK(w.phase() == Phase::Active);
  }
  SECTION("it requires more now") {
    w.s.policy->spec.approval.required = 2;
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
  }
  SECTION("its schedule is closed now, and was when the binding was made") {
    w.s.policy->spec.schedule =
        api::Schedule{.time_zone = "UTC", .windows = {{.days = {"Tue"}, .start = "01:00", .end = "02:00"}}};
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK_THAT(w.status().message, ContainsSubstring("schedule"));
  }
  SECTION("somebody else's approval did not count when the binding was made") {
    w.s.by(approve(sre("carol")));
    auto carols = w.record(AuditAction::Approved);
    carols.metadata.name = api::record_name("uid-1", AuditAction::Approved, 1);
    w.records.emplace(carols.metadata.name, carols);
    w.settle();
    CHECK(w.phase() == Phase::Active);
  }
  CHECK(w.has(AuditAction::Granted));
  CHECK_FALSE(w.has(AuditAction::Tampered));
}

TEST_CASE("whoever may write the status cannot make a binding count that needs approvals and has none") {
  World w = interrupted_world();
  std::erase_if(w.records, [](const auto& entry) { return entry.second.action == AuditAction::Approved; });
  w.s.binding->metadata.annotations["curfew.dev/approved-by"] = "[]";
  w.s.request.status.approvals = "0/0";
  w.step();
  CHECK_FALSE(w.has(AuditAction::Granted));
  CHECK(w.has(AuditAction::Tampered));
}

TEST_CASE("a binding that this replica made and could not record is nobody's forgery") {
  World w = interrupted_world();
  w.s.granted_binding_uid = w.s.binding->metadata.uid;
  w.s.binding->metadata.annotations.erase("curfew.dev/approved-by");
  w.step();
  CHECK_FALSE(w.s.binding);
  CHECK_FALSE(w.has(AuditAction::Tampered));
}
