#include "reconcile/grant_latency.hpp"

#include <vector>

#include "unit/reconcile/reconcile_test.hpp"
#include "unit/runtime/manual_clock.hpp"

namespace {

using Times = std::vector<std::chrono::microseconds>;
using Pointer = reconcile::GrantLatency::Pointer;

struct GrantLatencyFixture {
  ManualClock clock;
  Times reported;
  reconcile::GrantLatency latency{clock,
                                  [this](std::chrono::microseconds took) { reported.push_back(took); }};

  // Delivers the next state from the watch; null if the request is gone.
  void see(Pointer after) { latency.observe(std::exchange(known, after), after); }
  void see(api::AccessRequest after) { see(shared(std::move(after))); }

  Pointer known;
};

api::AccessRequest approved(int approvals, std::optional<Phase> phase = Phase::Pending) {
  auto made = request();
  made.status.phase = phase;
  made.decisions.resize(static_cast<std::size_t>(approvals));
  return made;
}

}  // namespace

TEST_CASE("a grant takes from the last decision that was heard of, whatever else changes") {
  GrantLatencyFixture f;
  f.see(approved(0, std::nullopt));
  f.clock.advance(10min);
  f.see(approved(1));
  f.clock.advance(10min);
  f.see(approved(2));
  f.clock.advance(30ms);
  auto noted = approved(2);
  noted.status.message = "access is about to be granted";
  f.see(noted);
  f.clock.step_wall(-1h);
  f.clock.advance(20ms);
  f.latency.granted(kUid);
  CHECK(f.reported == Times{50ms});
}

TEST_CASE("a grant that needs no decision takes from the request on") {
  GrantLatencyFixture f;
  f.see(approved(0, std::nullopt));
  f.clock.advance(15ms);
  f.latency.granted(kUid);
  CHECK(f.reported == Times{15ms});
}

TEST_CASE("a grant is reported once, and only where it was seen coming") {
  GrantLatencyFixture f;
  f.latency.granted(kUid);
  f.see(approved(1));
  f.latency.granted(kUid);
  f.latency.granted(kUid);
  CHECK(f.reported.size() == 1);
}

TEST_CASE("a request that has access, is over, or is gone is not waited for") {
  GrantLatencyFixture f;
  f.see(approved(1));
  SECTION("access") {
    f.see(approved(1, Phase::Active));
  }
  SECTION("over") {
    f.see(request_in(Phase::Denied));
  }
  SECTION("gone") {
    f.see(Pointer());
  }
  SECTION("gone, and another has its name") {
    auto other = approved(0);
    other.metadata.uid = kOtherUid;
    f.see(other);
    f.latency.granted(kOtherUid);
    CHECK(f.reported.size() == 1);
    f.reported.clear();
  }
  f.latency.granted(kUid);
  CHECK(f.reported.empty());
}

TEST_CASE("what is said about access that is there starts no clock") {
  GrantLatencyFixture f;
  f.see(approved(1, Phase::Active));
  f.see(approved(2, Phase::Active));
  f.latency.granted(kUid);
  CHECK(f.reported.empty());
}
