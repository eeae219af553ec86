#include "core_test.hpp"

TEST_CASE("the record of an end names the binding that it ended") {
  World w = expired_world();
  CHECK(w.record(AuditAction::Expired).binding ==
        api::RecordedBinding{.name = "curfew-uid-1", .uid = "binding-1"});
}

TEST_CASE("deleting an active request ends the access first and is recorded as Revoked") {
  World w = active_world();
  SECTION("gone") {
    w.s.gone = true;
  }
  SECTION("going, held by somebody's finalizer") {
    w.s.request.metadata.deletion_timestamp = kNow;
  }
  const Decision first = w.step();
  REQUIRE(first.actions.size() == 1);
  CHECK(std::holds_alternative<DeleteBinding>(first.actions[0]));
  w.step();
  CHECK(
      w.record(AuditAction::Revoked).message ==
      "AccessRequest payments/fix was deleted, which ended the access, by its requester, its subject, an approver of its policy, somebody with the verb end, or the garbage collector");
  if (!w.s.gone) {
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.condition("Granted") == "False RequestDeleted");
    CHECK(w.step().actions.empty());
  }
}

TEST_CASE("deleting a pending request is recorded as Withdrawn") {
  World w;
  w.settle();
  w.s.gone = true;
  w.step();
  CHECK(
      w.record(AuditAction::Withdrawn).message ==
      "AccessRequest payments/fix was deleted before anything was granted, by its requester, its subject, an approver of its policy, somebody with the verb end, or the garbage "
      "collector");
}

TEST_CASE("deleting a request whose grant was recorded is recorded as Revoked, whatever its status says") {
  World w;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.step(3);
  REQUIRE(w.s.binding);
  w.s.gone = true;
  w.step();
  CHECK_FALSE(w.s.binding);
  w.step();
  CHECK(w.has(AuditAction::Revoked));
}

TEST_CASE("an end that was recorded is the end, whatever has happened since") {
  World w = active_world();
  w.s.at(kNow + 30min);
  w.step();
  w.step(1);  // the record, then a crash
  REQUIRE(w.has(AuditAction::Expired));
  REQUIRE(w.phase() == Phase::Active);
  const bool is_known = GENERATE(true, false);
  if (is_known) w.restart();
  const auto records = w.records.size();
  SECTION("revoked") {
    w.s.by(revoke(person("alice")));
    w.settle();
    CHECK(w.phase() == Phase::Expired);
    CHECK(w.condition("Granted") == "False Expired");
  }
  SECTION("deleted") {
    w.s.gone = true;
    w.step();
    CHECK(w.step().actions.empty());
  }
  CHECK(w.records.size() == records);
}

TEST_CASE("a request whose end is recorded is not granted") {
  World w;
  w.s.policy->spec.suspend = true;
  w.step(2);
  REQUIRE(w.has(AuditAction::Rejected));
  w.restart();
  w.s.policy->spec.suspend = false;
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK_FALSE(w.has(AuditAction::Granted));
}

TEST_CASE("deleting a completed request says nothing new, but leaves no binding of it") {
  World w = expired_world();
  const auto records = w.records.size();
  w.s.gone = true;
  CHECK(w.step().actions.empty());
  CHECK(w.records.size() == records);
}

TEST_CASE("a binding of a request that is over is deleted where it is ours, and only there") {
  const World a = active_world();
  const auto binding = a.s.binding;
  World w = expired_world();
  w.s.binding = binding;
  SECTION("ours, with any owner") {
    if (GENERATE(true, false)) w.s.binding->metadata.owner_references.clear();
    w.settle();
    CHECK_FALSE(w.s.binding);
  }
  SECTION("somebody else's") {
    w.s.binding->metadata.labels.clear();
    w.settle();
    CHECK(w.s.binding);
  }
}

TEST_CASE("a status that says an end without saying complete is completed") {
  World w;
  w.s.request.status.phase = Phase::Denied;
  w.settle();
  CHECK(w.status().complete);
  CHECK(w.phase() == Phase::Denied);
}

TEST_CASE("who ended a request is recorded, also where it is deleted before Curfew has seen that") {
  SECTION("revoked, with access") {
    World w = active_world();
    w.s.by(revoke(sre("carol"), "enough"));
    w.s.gone = true;
    w.step();
    REQUIRE_FALSE(w.s.binding);
    w.step();
    CHECK(w.record(AuditAction::Revoked).actor == sre("carol"));
    CHECK(w.record(AuditAction::Revoked).comment == "enough");
    CHECK(w.record(AuditAction::Revoked).message ==
          "carol revoked: enough; AccessRequest payments/fix was deleted after that");
  }
  SECTION("denied") {
    World w;
    w.settle();
    w.s.by(deny(sre("carol"), "no"));
    w.s.gone = true;
    w.step();
    CHECK(w.record(AuditAction::Denied).actor == sre("carol"));
    CHECK_FALSE(w.has(AuditAction::Withdrawn));
  }
  SECTION("an approval, and a denial that does not count") {
    World w;
    w.settle();
    w.s.by(approve(sre("bob"))).by(deny(person("dave")));
    w.s.gone = true;
    w.step();
    CHECK(w.record(AuditAction::Approved).actor == sre("bob"));
    CHECK(w.record(AuditAction::PolicyViolation).actor == person("dave"));
    CHECK(w.has(AuditAction::Withdrawn));
  }
  SECTION("the policy, whose author has suspended it") {
    World w = active_world();
    w.s.policy->spec.suspend = true;
    w.step();
    REQUIRE_FALSE(w.s.binding);
    w.s.gone = true;
    w.step();
    CHECK(w.record(AuditAction::Revoked).message ==
          "AccessPolicy payments-debug is suspended (spec.suspend: true)");
  }
}

TEST_CASE(
    "a request that is deleted with --cascade=orphan while its grant is under way takes its binding along") {
  World w;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.step(3);  // the approval, the grant, the binding; the status was not written
  REQUIRE(w.s.binding);
  REQUIRE(w.phase() == Phase::Pending);
  w.s.binding->metadata.owner_references.clear();
  w.s.gone = true;
  w.step();
  CHECK_FALSE(w.s.binding);
  w.step();
  CHECK(w.has(AuditAction::Revoked));
}

TEST_CASE("access goes on to its end though something about it cannot be stored") {
  World w = active_world();
  Input input = w.s.input();
  input.unstorable = "too long";
  CHECK(decide(input).actions.empty());
  input.binding.reset();
  CHECK_FALSE(decide(input).actions.empty());
}

TEST_CASE("access whose record a crash prevented is recorded when its request is deleted") {
  World w = approved_world();
  w.step(2);
  REQUIRE(w.s.binding);
  w.restart();
  w.s.gone = true;
  w.s.at(kNow + 3s);
  SECTION("as granted") {
    if (GENERATE(true, false)) w.s.binding->metadata.owner_references.clear();  // --cascade=orphan
    w.step();
    REQUIRE(w.s.binding);
    w.step();
    REQUIRE_FALSE(w.s.binding);
    w.step();
    CHECK(w.record(AuditAction::Approved).actor == sre("bob"));
    CHECK(w.record(AuditAction::Granted).binding == api::RecordedBinding{"curfew-uid-1", "binding-1"});
    CHECK(w.record(AuditAction::Granted).expires_at == kEnd);
    CHECK(w.record(AuditAction::Granted).message.ends_with(", approved by bob"));
    CHECK(w.record(AuditAction::Revoked)
              .message.starts_with("AccessRequest payments/fix was deleted, which ended the access, by "));
  }
  SECTION("as a binding that nobody granted") {
    w.s.binding->metadata.annotations["curfew.dev/approved-by"] = "[]";
    w.step();
    w.step();
    CHECK(w.record(AuditAction::Tampered).message ==
          "RoleBinding curfew-uid-1 is there although no AuditRecord says that it was granted");
    CHECK(w.has(AuditAction::Withdrawn));
  }
  SECTION("not at all if the record is refused: the access ends") {
    w.step(0);
    w.s.failure = GrantFailure{.reason = "RecordRefused",
                               .message = "no",
                               .first_at = w.s.now,
                               .tried_at = w.s.now,
                               .retry_at = w.s.now};
    w.step();
    CHECK_FALSE(w.has(AuditAction::Granted));
  }
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("a request that is deleted before its first look is recorded, too") {
  World w;
  w.s.gone = true;
  w.step();
  CHECK(w.record(AuditAction::Requested).actor == w.s.request.spec.requester);
  CHECK(w.has(AuditAction::Withdrawn));
}

TEST_CASE("of a request that no replica has seen, nobody says that nothing was granted") {
  World w;
  w.settle();
  w.s.gone = true;
  w.s.request.metadata.creation_timestamp = {};  // known from its records
  w.step();
  CHECK(w.record(AuditAction::Withdrawn)
            .message.starts_with(
                "AccessRequest payments/fix was deleted while no replica was leading, before a "
                "grant was recorded, by "));
}
