#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <vector>

#include "api/codec.hpp"
#include "unit/runtime/leader_elector_fixture.hpp"

// Who leads, from when, and until when.
using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using api::Lease;
using runtime::LeaderElector;
using std::chrono::milliseconds;
using Fixture = ElectionFixture;

TEST_CASE_METHOD(Fixture, "the first candidate creates the lease and leads") {
  CHECK_FALSE(a.elector.is_leader());
  CHECK(a.attempt() == 2s);
  CHECK(a.elector.is_leader());
  CHECK(a.started == 1);
  const Lease lease = store.stored();
  CHECK(lease.metadata.name == "curfew");
  CHECK(lease.metadata.ns == "curfew-system");
  CHECK(lease.holder_identity == "a");
  CHECK(lease.lease_duration_seconds == 15);
  CHECK(lease.acquire_time == clock.now());
  CHECK(lease.renew_time == clock.now());
  CHECK(lease.lease_transitions == 0);
}

TEST_CASE_METHOD(Fixture, "a renewal moves renewTime only, and reads nothing") {
  a.attempt();
  const Lease before = store.stored();
  const int gets = store.gets();
  clock.advance(2s);
  CHECK(a.attempt() == 2s);
  const Lease after = store.stored();
  CHECK(after.renew_time == clock.now());
  CHECK(after.acquire_time == before.acquire_time);
  CHECK(after.lease_transitions == 0);
  CHECK(store.gets() == gets);
  CHECK(a.started == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a candidate waits while the lease is renewed, with jitter, at least the retry period") {
  a.attempt();
  for (int i = 0; i < 30; ++i) {
    clock.advance(2s);
    a.attempt();
    const auto wait = b.attempt();
    CHECK(wait >= 2s);
    CHECK(wait <= 4400ms);
  }
  CHECK_FALSE(b.elector.is_leader());
}

TEST_CASE_METHOD(
    Fixture,
    "a lease that is not renewed is taken 15 s after the candidate saw it change, and the transition counted") {
  a.attempt();
  clock.advance(9s);
  b.attempt();  // first seen now, nine seconds old; the clocks may differ, so its age does not count
  clock.advance(15s - 1us);
  CHECK(b.attempt() == 1ms);
  CHECK_FALSE(b.elector.is_leader());
  clock.advance(1us);
  b.attempt();
  CHECK(b.elector.is_leader());
  CHECK_FALSE(a.elector.is_leader());
  CHECK(store.stored().holder_identity == "b");
  CHECK(store.stored().lease_transitions == 1);
  CHECK(store.stored().acquire_time == clock.now());
}

TEST_CASE_METHOD(Fixture, "the wall clock decides nothing") {
  a.attempt();
  b.attempt();
  clock.step_wall(24h);
  b.attempt();
  CHECK_FALSE(b.elector.is_leader());
  CHECK(a.elector.is_leader());
  clock.step_wall(-48h);
  CHECK(a.elector.is_leader());
  clock.advance(15s);
  b.attempt();
  CHECK(b.elector.is_leader());
}

TEST_CASE_METHOD(Fixture, "another holder's own lease duration is respected") {
  store.overwrite([](Lease& lease) {
    lease.holder_identity = "old version";
    lease.lease_duration_seconds = 60;
  });
  a.attempt();
  clock.advance(59s);
  a.attempt();
  CHECK_FALSE(a.elector.is_leader());
  clock.advance(1s);
  a.attempt();
  CHECK(a.elector.is_leader());
}

TEST_CASE_METHOD(Fixture, "a holder without a sensible duration is given the usual 15 s") {
  store.overwrite([](Lease& lease) { lease.holder_identity = "odd"; });
  a.attempt();
  clock.advance(14s);
  a.attempt();
  CHECK_FALSE(a.elector.is_leader());
  clock.advance(1s);
  a.attempt();
  CHECK(a.elector.is_leader());
}

TEST_CASE_METHOD(Fixture,
                 "leadership ends 10 s after the last successful renewal started, and the callback follows") {
  a.attempt();
  unreachable();
  for (int i = 0; i < 4; ++i) {
    clock.advance(2s);
    CHECK(a.attempt() == 2s);
    CHECK(a.elector.is_leader());
  }
  clock.advance(2s - 1us);
  CHECK(a.elector.is_leader());
  CHECK(a.attempt() == 1ms);
  clock.advance(1us);
  CHECK_FALSE(a.elector.is_leader());
  CHECK(a.stopped == 0);
  a.attempt();
  CHECK(a.stopped == 1);
}

TEST_CASE_METHOD(
    Fixture,
    "a call that hangs does not prolong leadership, and its late success does not count from its end") {
  a.attempt();
  clock.advance(2s);
  bool led_meanwhile = true;
  store.before_call = [&](milliseconds) {
    clock.advance(8s);
    led_meanwhile = a.elector.is_leader();
    return std::nullopt;
  };
  a.attempt();
  CHECK_FALSE(led_meanwhile);
  CHECK(a.elector.is_leader());  // renewed until ten seconds after that call began
  clock.advance(2s);
  CHECK_FALSE(a.elector.is_leader());
}

TEST_CASE_METHOD(Fixture, "a candidate whose write was answered too late does not start leading on it") {
  store.before_call = [&](milliseconds) {
    clock.advance(11s);
    return std::nullopt;
  };
  a.attempt();
  CHECK(a.started == 0);
  CHECK_FALSE(a.elector.is_leader());
  reachable();
  a.attempt();
  CHECK(a.started == 1);
  CHECK(a.elector.is_leader());
}

TEST_CASE_METHOD(Fixture,
                 "a leader whose renewal is answered after its leadership has lapsed begins a new term") {
  a.attempt();
  REQUIRE(a.started == 1);
  clock.advance(9s);
  bool has_lapsed = false;
  store.on_write = [&](const curfew::api::Lease&) {
    clock.advance(2s);
    has_lapsed = !a.elector.is_leader();  // changes are ignored from here
  };
  a.attempt();
  CHECK(has_lapsed);
  CHECK(a.elector.is_leader());
  CHECK(a.stopped == 1);
  CHECK(a.started == 2);
}

TEST_CASE_METHOD(Fixture, "a renewal that is answered in time goes on with the term") {
  a.attempt();
  clock.advance(9s);
  store.on_write = [&](const curfew::api::Lease&) { clock.advance(999ms); };
  a.attempt();
  CHECK(a.elector.is_leader());
  CHECK(a.stopped == 0);
  CHECK(a.started == 1);
}

TEST_CASE_METHOD(Fixture, "a call gets half of the renew deadline, and never more than leadership lasts") {
  a.attempt();
  std::vector<milliseconds> deadlines;
  store.before_call = [&](milliseconds deadline) {
    deadlines.push_back(deadline);
    return Error{.kind = ErrorKind::Timeout, .message = "no answer"};
  };
  a.attempt();
  clock.advance(7s);
  a.attempt();
  CHECK(deadlines == std::vector<milliseconds>{5s, 3s});
}

TEST_CASE_METHOD(Fixture, "a lost leader stands again, again and again") {
  for (int round = 1; round <= 3; ++round) {
    a.attempt();
    CHECK(a.elector.is_leader());
    CHECK(a.started == round);
    unreachable();
    clock.advance(10s);
    a.attempt();
    CHECK(a.stopped == round);
    reachable();
  }
}

TEST_CASE_METHOD(Fixture, "a leader that finds another holder stops at once") {
  a.attempt();
  store.overwrite([](Lease& lease) { lease.holder_identity = "usurper"; });
  a.attempt();
  CHECK_FALSE(a.elector.is_leader());
  CHECK(a.stopped == 1);
  CHECK(store.stored().holder_identity == "usurper");
}

TEST_CASE_METHOD(
    Fixture, "a leader keeps a lease that somebody edited without taking it, and makes a deleted one anew") {
  a.attempt();
  store.overwrite([](Lease& lease) { lease.metadata.labels["team"] = "x"; });
  clock.advance(2s);
  a.attempt();
  CHECK(a.elector.is_leader());
  CHECK(store.stored().metadata.labels.at("team") == "x");
  CHECK(store.stored().renew_time == clock.now());

  store.state.with([](FakeLeaseStore::State& s) { s.lease.reset(); });
  clock.advance(2s);
  a.attempt();
  CHECK(a.elector.is_leader());
  CHECK(store.stored().holder_identity == "a");
  CHECK(a.stopped == 0);
}

TEST_CASE_METHOD(Fixture, "of two candidates for a free lease the one that wrote second stays a candidate") {
  store.overwrite([](Lease& lease) { lease.holder_identity = ""; });
  int calls = 0;
  store.before_call = [&](milliseconds) {
    if (++calls == 2) b.attempt();  // between a's read and its write
    return std::nullopt;
  };
  a.attempt();
  CHECK(b.elector.is_leader());
  CHECK_FALSE(a.elector.is_leader());
  CHECK(a.started == 0);
  CHECK(store.stored().holder_identity == "b");
}

TEST_CASE_METHOD(Fixture,
                 "a process that finds its own identity as the holder goes on without a transition") {
  store.overwrite([&](Lease& lease) {
    lease.holder_identity = "a";
    lease.acquire_time = clock.now() - 1h;
    lease.lease_transitions = 4;
  });
  a.attempt();
  CHECK(a.elector.is_leader());
  CHECK(store.stored().lease_transitions == 4);
  CHECK(store.stored().acquire_time == clock.now() - 1h);
}

TEST_CASE_METHOD(Fixture, "a store or callback that throws ends neither the election nor the program") {
  store.before_call = [](milliseconds) -> std::optional<Error> { throw std::runtime_error("a bug"); };
  CHECK(a.attempt() == 2s);
  reachable();
  LeaderElector clumsy(store, clock, {"curfew-system", "curfew"}, "clumsy",
                       {.on_started_leading = [] { throw std::runtime_error("a bug"); },
                        .on_stopped_leading = [] { throw std::runtime_error("another"); }});
  clumsy.attempt({});
  CHECK(clumsy.is_leader());
  clumsy.release();
  CHECK(store.stored().holder_identity.empty());
}
