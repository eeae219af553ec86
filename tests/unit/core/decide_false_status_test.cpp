#include "forged.hpp"

// What somebody writes into a status, past the guard or with Curfew's own token.

TEST_CASE("a status that somebody wrote does not make a grant of a binding that no record tells of") {
  World w = approved_world();
  w.settle();
  w.s.now += 1min;
  SECTION("nothing was granted") {
    w.records.erase(api::record_name("uid-1", AuditAction::Granted));
    w.restart();
    w.settle();
    CHECK(w.record(AuditAction::Tampered).message ==
          "RoleBinding curfew-uid-1 is there although no AuditRecord says that it was granted");
  }
  SECTION("something else was granted") {
    w.s.request.status.role_ref = cluster_role("admin");
    w.s.binding->role_ref = cluster_role("admin");
    w.settle();
    CHECK(w.record(AuditAction::Tampered).message ==
          "RoleBinding curfew-uid-1 is not what AuditRecord uid-1-granted says that was granted");
  }
  SECTION("somebody else got it") {
    w.s.request.status.subject = user("mallory");
    w.s.binding->subjects = {user("mallory")};
    w.settle();
    CHECK(w.has(AuditAction::Tampered));
  }
  CHECK_FALSE(w.s.binding);
  CHECK(w.phase() == Phase::Revoked);
}

TEST_CASE("access whose status somebody ends is ended, as theirs and not as what they wrote") {
  World w = active_world();
  const auto expires_at = w.status().expires_at;
  w.s.now += 1min;
  const Phase said = GENERATE(Phase::Expired, Phase::Denied);
  w.s.request.status.phase = said;
  w.s.request.status.complete = GENERATE(true, false);
  w.s.request.status.ended_at = GENERATE(kNow - 1h, kNow + 10h);
  if (GENERATE(true, false)) w.s.binding.reset();  // the binding was deleted as well
  // The request was deleted as well, and a finalizer holds it.
  if (GENERATE(true, false)) w.s.request.metadata.deletion_timestamp = w.s.now;

  w.settle();
  const std::string what = "somebody set status.phase to " + std::string(api::to_string(said)) +
                           ", although no AuditRecord says that access ended: it was ended";
  CHECK_FALSE(w.s.binding);
  CHECK(w.record(AuditAction::Tampered).message == what);
  CHECK(w.record(AuditAction::Revoked).message == what);
  CHECK(times_told(w, "Tampered") == 1);
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.status().complete);
  CHECK(w.status().ended_at == floor_to_second(w.s.now));
  CHECK(w.status().expires_at == expires_at);
  CHECK(w.condition("Granted") == "False StatusChanged");
}

TEST_CASE("a status that says Active of what was never granted is told of, and nobody had access") {
  World w;
  w.settle();
  REQUIRE(w.phase() == Phase::Pending);
  auto& status = w.s.request.status;
  status.phase = Phase::Active;
  status.granted_at = kNow;
  status.expires_at = kNow + 1h;
  status.approvals = "1/1";
  status.approved_by = {"bob"};
  status.binding_name = "curfew-uid-1";
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(
      w.record(AuditAction::Tampered).message ==
      "somebody set status.phase to Active: no AuditRecord says that access was granted, and there was none");
  CHECK(w.record(AuditAction::Rejected).expires_at == std::nullopt);
  CHECK_FALSE(w.status().expires_at);
  CHECK_FALSE(w.status().granted_at);
  CHECK(w.status().approvals.empty());
  CHECK(w.status().binding_name.empty());
}

TEST_CASE("a request whose status said Active is not recorded as access when it is deleted") {
  World w;
  w.settle();
  w.s.request.status.phase = Phase::Active;
  w.s.gone = true;
  w.step();
  CHECK(w.has(AuditAction::Withdrawn));
  CHECK_FALSE(w.has(AuditAction::Revoked));
}

TEST_CASE("a status that is made complete, without an end, is told of as that") {
  World w = active_world();
  w.s.request.status.complete = true;
  w.settle();
  CHECK(w.record(AuditAction::Tampered).message ==
        "somebody set status.complete, although no AuditRecord says that access ended: it was ended");
}

TEST_CASE("a waiting request whose status somebody ends is rejected, and recorded") {
  World w;
  w.settle();
  w.s.request.status.phase = Phase::Denied;
  w.s.request.status.complete = GENERATE(true, false);
  if (GENERATE(true, false)) w.s.by(approve(sre("bob")));
  w.settle();
  const std::string what =
      "somebody set status.phase to Denied, although no AuditRecord says that this request ended: ask again";
  CHECK(w.record(AuditAction::Tampered).message == what);
  CHECK(w.record(AuditAction::Rejected).message == what);
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.status().complete);
  CHECK(w.condition("Granted") == "False StatusChanged");
  CHECK_FALSE(w.has(AuditAction::Granted));
}

TEST_CASE("the false end of a request with a binding that nobody recorded ends the binding first") {
  World w = approved_world();
  w.step(2);
  REQUIRE(w.s.binding);
  w.restart();
  w.s.request.status.phase = Phase::Withdrawn;
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK(w.phase() == Phase::Rejected);
}

TEST_CASE("an end that somebody else announced in the status is none") {
  SECTION("of access: it goes on") {
    World w = active_world();
    w.s.is_ending_false = true;
    w.step();
    w.s.is_ending_false = false;
    w.settle();
    CHECK(w.phase() == Phase::Active);
    CHECK(w.s.binding);
  }
  SECTION("of a request that waits: it is rejected") {
    World w;
    w.settle();
    w.s.is_ending_false = true;
    w.step();
    w.s.is_ending_false = false;
    w.settle();
    CHECK(w.phase() == Phase::Rejected);
    CHECK(w.has(AuditAction::Rejected));
  }
}

TEST_CASE("an ended request whose status somebody sets back ends as it did before, and that is recorded") {
  World w = active_world();
  w.s.by(revoke(person("alice")));
  w.settle();
  REQUIRE(w.phase() == Phase::Revoked);
  const auto ended = w.record(AuditAction::Revoked);
  w.s.request.status = {};
  w.s.end_record = ended;
  w.s.is_revived = true;
  w.s.at(w.s.now + 60s);
  w.step();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.status().complete);
  CHECK(w.status().message == ended.message);
  CHECK(w.status().expires_at == ended.expires_at);
  CHECK_FALSE(w.s.binding);
  CHECK(w.record(AuditAction::Tampered).message ==
        "somebody set the status back after this request had ended: " + ended.message);
}
