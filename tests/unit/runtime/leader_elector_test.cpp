#include "runtime/leader_elector.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "unit/runtime/manual_clock.hpp"
#include "util/guarded.hpp"

using curfew::Error;
using curfew::ErrorKind;
using curfew::Result;
using curfew::api::Lease;
using curfew::runtime::ElectionCallbacks;
using curfew::runtime::LeaderElector;
using curfew::runtime::LeaseStore;
using curfew::testing::ManualClock;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

// The API server's part: one Lease with optimistic locking. `before_call` sees each call first and may fail it.
struct FakeStore final : LeaseStore {
  struct State {
    std::optional<Lease> lease;
    int version = 0;
    int gets = 0;
    int writes = 0;
  };
  curfew::Guarded<State> state;
  std::function<std::optional<Error>(milliseconds)> before_call = [](milliseconds) { return std::nullopt; };
  std::function<void(const Lease&)> on_write = [](const Lease&) {};

  Result<Lease> get(milliseconds deadline, std::stop_token) override {
    if (const auto error = before_call(deadline)) return tl::unexpected(*error);
    return state.with([](State& s) -> Result<Lease> {
      ++s.gets;
      return s.lease ? Result<Lease>(*s.lease) : curfew::fail(ErrorKind::NotFound, "no such lease");
    });
  }
  Result<Lease> create(const Lease& lease, milliseconds deadline, std::stop_token) override {
    if (const auto error = before_call(deadline)) return tl::unexpected(*error);
    return put(lease, "");
  }
  Result<Lease> update(const Lease& lease, milliseconds deadline, std::stop_token) override {
    if (const auto error = before_call(deadline)) return tl::unexpected(*error);
    return put(lease, lease.metadata.resource_version);
  }

  // What kubectl would do: no lock, no counting.
  void overwrite(const std::function<void(Lease&)>& change) {
    state.with([&](State& s) {
      if (!s.lease) s.lease = Lease{};
      change(*s.lease);
      s.lease->metadata.resource_version = std::to_string(++s.version);
    });
  }
  Lease stored() const {
    return state.with([](const State& s) { return s.lease.value(); });
  }
  int gets() const {
    return state.with([](const State& s) { return s.gets; });
  }
  int writes() const {
    return state.with([](const State& s) { return s.writes; });
  }

 private:
  Result<Lease> put(const Lease& lease, const std::string& expected_version) {
    const auto written = state.with([&](State& s) -> Result<Lease> {
      const std::string actual = s.lease ? s.lease->metadata.resource_version : "";
      if (actual != expected_version) return curfew::fail(expected_version.empty() ? ErrorKind::AlreadyExists : ErrorKind::Conflict, "changed meanwhile");
      s.lease = lease;
      s.lease->metadata.resource_version = std::to_string(++s.version);
      ++s.writes;
      return *s.lease;
    });
    if (written) on_write(*written);
    return written;
  }
};

struct Candidate {
  Candidate(FakeStore& store, const curfew::Clock& clock, const std::string& name)
      : elector(store, clock, {"curfew-system", "curfew"}, name, ElectionCallbacks{[this] { ++started; }, [this] { ++stopped; }}) {}

  milliseconds attempt() { return elector.attempt({}); }

  int started = 0;
  int stopped = 0;
  LeaderElector elector;
};

struct Fixture {
  ManualClock clock;
  FakeStore store;
  Candidate a{store, clock, "a"};
  Candidate b{store, clock, "b"};

  void unreachable() {
    store.before_call = [](milliseconds) { return Error{.kind = ErrorKind::Transport, .message = "connection refused"}; };
  }
  void reachable() {
    store.before_call = [](milliseconds) { return std::nullopt; };
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the first candidate creates the lease and leads") {
  CHECK_FALSE(a.elector.is_leader());
  CHECK(a.attempt() == 2s);
  CHECK(a.elector.is_leader());
  CHECK(a.started == 1);
  const Lease lease = store.stored();
  CHECK(lease.metadata.name == "curfew");
  CHECK(lease.metadata.name_space == "curfew-system");
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

TEST_CASE_METHOD(Fixture, "a candidate waits while the lease is renewed, with jitter, at least the retry period") {
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

TEST_CASE_METHOD(Fixture, "a lease that is not renewed is taken 15 s after the candidate saw it change, and the transition counted") {
  a.attempt();
  clock.advance(9s);
  b.attempt();  // sees it for the first time, nine seconds old: who knows whose clock is right
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

TEST_CASE_METHOD(Fixture, "leadership ends 10 s after the last successful renewal started, and the callback follows") {
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

TEST_CASE_METHOD(Fixture, "a call that hangs does not prolong leadership, and its late success does not count from its end") {
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
  CHECK(a.elector.is_leader());  // renewed: until ten seconds after the start of that call
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

TEST_CASE_METHOD(Fixture, "a leader keeps a lease that somebody edited without taking it, and makes a deleted one anew") {
  a.attempt();
  store.overwrite([](Lease& lease) { lease.metadata.labels["team"] = "x"; });
  clock.advance(2s);
  a.attempt();
  CHECK(a.elector.is_leader());
  CHECK(store.stored().metadata.labels.at("team") == "x");
  CHECK(store.stored().renew_time == clock.now());

  store.state.with([](FakeStore::State& s) { s.lease.reset(); });
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

TEST_CASE_METHOD(Fixture, "a process that finds its own identity as the holder goes on without a transition") {
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

TEST_CASE_METHOD(Fixture, "a release stops leading first, and then gives the lease away for the next one to take at once") {
  a.attempt();
  b.attempt();
  int stopped_before_write = -1;
  store.on_write = [&](const Lease&) { stopped_before_write = a.stopped; };
  a.elector.release();
  CHECK(stopped_before_write == 1);
  CHECK_FALSE(a.elector.is_leader());
  CHECK(store.stored().holder_identity.empty());
  CHECK(store.stored().lease_duration_seconds == 1);
  CHECK(store.stored().lease_transitions == 0);
  b.attempt();
  CHECK(b.elector.is_leader());
  CHECK(store.stored().lease_transitions == 1);
  CHECK(store.stored().lease_duration_seconds == 15);
}

TEST_CASE_METHOD(Fixture, "a release looks again after a conflict, and leaves somebody else's lease alone") {
  a.attempt();
  store.overwrite([](Lease& lease) { lease.metadata.labels["x"] = "y"; });
  a.elector.release();
  CHECK(store.stored().holder_identity.empty());

  b.attempt();
  store.overwrite([](Lease& lease) { lease.holder_identity = "usurper"; });
  b.elector.release();
  CHECK(store.stored().holder_identity == "usurper");
}

TEST_CASE_METHOD(Fixture, "a candidate that never led releases nothing") {
  a.attempt();
  b.attempt();
  const int writes = store.writes();
  b.elector.release();
  CHECK(store.writes() == writes);
  CHECK(b.stopped == 0);
}

TEST_CASE_METHOD(Fixture, "a candidate that hears of renewals from a watch reads nothing, and still takes over 15 s after the last") {
  a.attempt();
  b.attempt();
  const int gets = store.gets();
  for (int i = 0; i < 10; ++i) {
    clock.advance(2s);
    a.attempt();
    b.elector.observe(store.stored());
    b.attempt();
  }
  CHECK(store.gets() == gets);
  clock.advance(15s);
  b.attempt();
  CHECK(store.gets() == gets + 1);
  CHECK(b.elector.is_leader());
}

TEST_CASE_METHOD(Fixture, "the time of an observation is when it came, not when it was looked at") {
  a.attempt();
  b.elector.observe(store.stored());
  clock.advance(4s);
  b.attempt();
  clock.advance(11s);
  b.attempt();
  CHECK(b.elector.is_leader());
}

TEST_CASE_METHOD(Fixture, "stale news that the lease is free costs a conflict and no more") {
  a.attempt();
  Lease stale = store.stored();
  stale.holder_identity.clear();
  clock.advance(2s);
  a.attempt();
  b.elector.observe(stale);
  b.attempt();
  CHECK_FALSE(b.elector.is_leader());
  CHECK(store.stored().holder_identity == "a");
}

TEST_CASE_METHOD(Fixture, "stale news of an earlier holder does not make a leader stop") {
  Lease stale;
  a.attempt();
  stale = store.stored();
  a.elector.release();
  b.attempt();
  const int gets = store.gets();
  b.elector.observe(stale);
  b.attempt();
  CHECK(b.elector.is_leader());
  CHECK(b.stopped == 0);
  CHECK(store.gets() == gets);  // it renewed by what it had written itself
}

TEST_CASE_METHOD(Fixture, "a store or callback that throws ends neither the election nor the program") {
  store.before_call = [](milliseconds) -> std::optional<Error> { throw std::runtime_error("a bug"); };
  CHECK(a.attempt() == 2s);
  reachable();
  LeaderElector clumsy(store, clock, {"curfew-system", "curfew"}, "clumsy",
                       {.on_started_leading = [] { throw std::runtime_error("a bug"); }, .on_stopped_leading = [] { throw std::runtime_error("another"); }});
  clumsy.attempt({});
  CHECK(clumsy.is_leader());
  clumsy.release();
  CHECK(store.stored().holder_identity.empty());
}

TEST_CASE("run leads, hands over when stopped, and a waiting candidate takes the released lease through the watch") {
  const curfew::SystemClock clock;
  FakeStore store;
  std::binary_semaphore a_leads(0);
  std::binary_semaphore b_leads(0);
  std::atomic<int> calls = 0;
  store.before_call = [&](milliseconds) {
    ++calls;
    calls.notify_all();
    return std::nullopt;
  };
  LeaderElector a(store, clock, {"ns", "lease"}, "a", {.on_started_leading = [&] { a_leads.release(); }, .on_stopped_leading = {}});
  LeaderElector b(store, clock, {"ns", "lease"}, "b", {.on_started_leading = [&] { b_leads.release(); }, .on_stopped_leading = {}});
  store.on_write = [&](const Lease& lease) { b.observe(lease); };  // the watch

  std::jthread run_a([&](const std::stop_token& stop) { a.run(stop); });
  a_leads.acquire();
  std::jthread run_b([&](const std::stop_token& stop) { b.run(stop); });
  for (int now = calls; now < 3; now = calls) calls.wait(now);  // a's read and write, and b's first read
  run_a.request_stop();
  run_a.join();
  CHECK_FALSE(a.is_leader());
  CHECK(b_leads.try_acquire_for(1s));
  CHECK(b.is_leader());
}
