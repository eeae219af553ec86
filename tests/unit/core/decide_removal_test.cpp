#include "core_test.hpp"

// "curfew end-all": how each request ends before Curfew is removed.

namespace {

void check_ended(World& w) {
  CHECK_FALSE(w.s.binding);
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False CurfewRemoved");
  CHECK(w.status().complete);
  CHECK(w.record(AuditAction::Revoked).message ==
        "Curfew is being removed from this cluster, which ends all access");
}

}  // namespace

TEST_CASE(
    "before Curfew is removed an active grant ends, and its record says why, whatever its policy says of changes") {
  for (const char* on_change : {"", "Enforce", "Keep"}) {
    CAPTURE(on_change);
    World w = approved_world();
    w.s.policy->spec.on_change = on_change;
    w.settle();
    REQUIRE(w.phase() == Phase::Active);
    w.s.settings.ends_all = true;
    w.settle();
    check_ended(w);
  }
}

TEST_CASE("a grant that was under way is not finished before Curfew is removed, wherever it was") {
  for (std::size_t done = 2; done < 4; ++done) {  // record Approved, the binding, and perhaps record Granted
    CAPTURE(done);
    World w = approved_world();
    w.step(done);
    REQUIRE(w.s.binding);
    REQUIRE(w.has(AuditAction::Granted) == (done == 3));
    w.s.settings.ends_all = true;
    w.settle();
    CHECK_FALSE(w.s.binding);
    if (done == 3) check_ended(w);
  }
}

TEST_CASE(
    "pending requests are left unchanged before Curfew is removed, and continue under the next installation") {
  World asked;
  asked.s.settings.ends_all = true;
  asked.settle();
  CHECK_FALSE(asked.status().phase);
  CHECK(asked.records.empty());

  World approved = approved_world();
  approved.s.settings.ends_all = true;
  approved.settle();
  CHECK(approved.phase() == Phase::Pending);
  CHECK_FALSE(approved.s.binding);
  CHECK_FALSE(approved.has(AuditAction::Approved));
  approved.s.settings.ends_all = false;
  approved.settle();
  CHECK(approved.phase() == Phase::Active);
}
