#include "core_test.hpp"
#include "timing.hpp"

// An approver who revokes before there is access takes back their own approval.

namespace {

World half_approved_world() {
  World w;
  w.s.policy = a_policy(2);
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.status().approvals == "1/2");
  return w;
}

int count_of(const World& w, AuditAction action) {
  int count = 0;
  for (const auto& [name, record] : w.records) count += record.action == action ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("an approver takes back an approval, and the request waits for others") {
  World w = half_approved_world();
  w.s.by(revoke(sre("bob"), "wrong ticket"));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.status().approvals == "0/2");
  CHECK(w.status().approved_by.empty());
  CHECK(w.status().message == "waiting for 2 more approvals (0/2) from Group sre");
  const api::AuditRecord& record = w.record(AuditAction::ApprovalWithdrawn);
  CHECK(record.message == "bob took back their approval: wrong ticket");
  CHECK(record.actor->username == "bob");
  CHECK(record.comment == "wrong ticket");
  CHECK(w.events.back().reason == "ApprovalWithdrawn");
  CHECK(w.events.back().type == "Normal");
  CHECK_FALSE(w.has(AuditAction::Withdrawn));
}

TEST_CASE("what was taken back does not end the access that others approve, and can be given again") {
  World w = half_approved_world();
  w.s.by(revoke(sre("bob")));
  w.settle();
  SECTION("others") {
    w.s.by(approve(sre("carol"))).by(approve(sre("dan")));
  }
  SECTION("again") {
    w.s.by(approve(sre("bob"))).by(approve(sre("carol")));
  }
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  w.restart();
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().approvals == "2/2");

  w.s.at(kNow + 1min);
  w.s.by(revoke(sre("bob"), "enough"));
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.record(AuditAction::Revoked).actor->username == "bob");
  CHECK(count_of(w, AuditAction::ApprovalWithdrawn) == 1);
}

TEST_CASE("an approver without an approval cannot take one back, and is told to deny") {
  World w = half_approved_world();
  w.s.by(revoke(sre("carol")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.status().approvals == "1/2");
  CHECK(w.record(AuditAction::PolicyViolation).message ==
        "carol has not approved this, so there is no approval to take back: deny it to end it");
}

TEST_CASE("a scheduled request whose approval is taken back waits for approval again") {
  World w = world_from("2026-11-24T21:00:00Z");
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Scheduled);
  w.s.by(revoke(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.condition("Approved") == "False WaitingForApproval");
  CHECK_FALSE(w.status().approved_at);
  w.s.at(kNow + 1h);
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("requester and subject withdraw, also if they may approve and have approved") {
  World w;
  w.s.policy = a_policy(2);
  w.s.policy->spec.approval.allow_self_approval = true;
  w.s.request.spec.requester->groups = {"developers", "sre"};
  w.settle();
  w.s.by(approve(person("alice", {"developers", "sre"})));
  w.settle();
  REQUIRE(w.status().approvals == "1/2");
  w.s.by(revoke(person("alice", {"developers", "sre"})));
  w.settle();
  CHECK(w.phase() == Phase::Withdrawn);
  CHECK(w.status().message == "alice withdrew this");
}

TEST_CASE("a revocation while the grant is being made leaves no access without a quorum") {
  World w = approved_world();
  // Record Approved, the binding, perhaps record Granted; then a crash.
  const auto done = static_cast<std::size_t>(GENERATE(2, 3));
  w.step(done);
  REQUIRE(w.s.binding);
  REQUIRE(w.has(AuditAction::Granted) == (done == 3));
  w.s.by(revoke(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.has(AuditAction::Granted));
  CHECK_FALSE(w.s.binding);
}
