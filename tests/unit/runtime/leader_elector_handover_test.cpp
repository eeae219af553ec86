#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <semaphore>
#include <thread>

#include "api/codec.hpp"
#include "unit/runtime/leader_elector_fixture.hpp"

// Releasing the lease, and learning about it from a watch.
using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using api::Lease;
using runtime::LeaderElector;
using std::chrono::milliseconds;
using Fixture = ElectionFixture;

TEST_CASE_METHOD(
    Fixture,
    "a release stops leading first, and then gives the lease away for the next one to take at once") {
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

TEST_CASE_METHOD(
    Fixture,
    "a candidate that hears of renewals from a watch reads nothing, and still takes over 15 s after the last") {
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
  CHECK(store.gets() == gets);  // it renewed from its own last write
}

TEST_CASE(
    "run leads, hands over when stopped, and a waiting candidate takes the released lease through the watch") {
  const SystemClock clock;
  FakeLeaseStore store;
  std::binary_semaphore a_leads(0);
  std::binary_semaphore b_leads(0);
  std::atomic<int> calls = 0;
  store.before_call = [&](milliseconds) {
    ++calls;
    calls.notify_all();
    return std::nullopt;
  };
  LeaderElector a(store, clock, {"ns", "lease"}, "a",
                  {.on_started_leading = [&] { a_leads.release(); }, .on_stopped_leading = {}});
  LeaderElector b(store, clock, {"ns", "lease"}, "b",
                  {.on_started_leading = [&] { b_leads.release(); }, .on_stopped_leading = {}});
  store.on_write = [&](const Lease& lease) { b.observe(lease); };  // the watch

  std::jthread run_a([&](const std::stop_token& stop) { a.run(stop); });
  a_leads.acquire();
  const std::jthread run_b([&](const std::stop_token& stop) { b.run(stop); });
  for (int now = calls; now < 3; now = calls) calls.wait(now);  // a's read and write, and b's first read
  run_a.request_stop();
  run_a.join();
  CHECK_FALSE(a.is_leader());
  CHECK(b_leads.try_acquire_for(1s));
  CHECK(b.is_leader());
}

namespace {

// As "curfew end-all" configures its candidate: the last to lead.
struct LastFixture : Fixture {
  LeaderElector last{store, clock, {"curfew-system", "curfew"}, "last", {}, {}, {.lasting = 60s}};
};

}  // namespace

TEST_CASE_METHOD(
    LastFixture,
    "the last to lead takes the lease from its holder, and leads alone once that one must have noticed") {
  a.attempt();
  clock.advance(1s);
  last.attempt({});
  CHECK(last.is_leader());
  CHECK_FALSE(last.is_sole_leader());
  a.attempt();
  CHECK_FALSE(a.elector.is_leader());
  CHECK(a.stopped == 1);
  for (int i = 0; i < 7; ++i) {
    clock.advance(2s);
    last.attempt({});
  }
  CHECK_FALSE(last.is_sole_leader());
  clock.advance(1s);
  last.attempt({});
  CHECK(last.is_sole_leader());
}

TEST_CASE_METHOD(LastFixture, "where nobody led, the last to lead leads alone at once") {
  last.attempt({});
  CHECK(last.is_sole_leader());
}

TEST_CASE_METHOD(LastFixture,
                 "after the last leader nobody leads, for as long as stated, and then the first to come") {
  last.attempt({});
  last.release();
  CHECK_FALSE(last.is_leader());
  CHECK(store.stored().holder_identity == "nobody");
  CHECK(store.stored().lease_duration_seconds == 60);
  a.attempt();
  clock.advance(59s);
  a.attempt();
  CHECK_FALSE(a.elector.is_leader());
  clock.advance(2s);
  a.attempt();
  CHECK(a.elector.is_leader());
}

TEST_CASE_METHOD(LastFixture,
                 "one that comes after the last to lead, to do the same again, has nobody to wait for") {
  last.attempt({});
  last.release();
  LeaderElector again(store, clock, {"curfew-system", "curfew"}, "again", {}, {}, {.lasting = 60s});
  again.attempt({});
  CHECK(again.is_sole_leader());
}
