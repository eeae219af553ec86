#include "reconcile/flood_gate.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "unit/reconcile/builders.hpp"
#include "unit/runtime/manual_clock.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using api::Phase;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Fixture {
  ManualClock clock;
  reconcile::FloodGate gate{clock, {.pending = 2, .qps = 1, .burst = 4}};

  api::AccessRequest asks(const std::string& who, const std::string& uid) {
    auto made = request("ask-" + uid, uid);
    made.spec.requester->username = who;
    made.metadata.creation_timestamp = clock.now();
    gate.observe(nullptr, shared(made));
    return made;
  }
  void becomes(const api::AccessRequest& asked, Phase phase) {
    auto after = asked;
    after.status.phase = phase;
    after.status.complete = api::is_terminal(phase);
    gate.observe(shared(asked), shared(after));
  }
  void goes(const api::AccessRequest& asked) { gate.observe(shared(asked), nullptr); }
  bool lets_in(const api::AccessRequest& asked) { return !gate.admit(asked); }
};

}  // namespace

TEST_CASE("as many requests of one person may wait as the limit says, and those of others are no matter") {
  Fixture f;
  const auto first = f.asks("alice", "1");
  CHECK(f.lets_in(first));
  CHECK(f.lets_in(f.asks("alice", "2")));
  const auto third = f.asks("alice", "3");
  const auto flood = f.gate.admit(third);
  REQUIRE(flood);
  CHECK(flood->message == "alice has 2 requests waiting, and --pending-per-requester allows 2: ask again when some of them are decided or withdrawn");
  CHECK_FALSE(flood->is_recorded);
  CHECK(f.lets_in(f.asks("bob", "4")));
}

TEST_CASE("whoever was let in stays in, also when that is asked again") {
  Fixture f;
  const auto first = f.asks("alice", "1");
  const auto second = f.asks("alice", "2");
  REQUIRE(f.lets_in(first));
  REQUIRE(f.lets_in(second));
  CHECK(f.lets_in(first));
  f.becomes(first, Phase::Pending);
  f.becomes(second, Phase::Scheduled);
  CHECK_FALSE(f.lets_in(f.asks("alice", "3")));
}

TEST_CASE("a request that is granted, decided or gone makes room") {
  for (const auto phase : {Phase::Active, Phase::Denied}) {
    Fixture f;
    const auto first = f.asks("alice", "1");
    REQUIRE(f.lets_in(first));
    REQUIRE(f.lets_in(f.asks("alice", "2")));
    f.becomes(first, phase);
    CHECK(f.lets_in(f.asks("alice", "3")));
  }
  Fixture f;
  const auto first = f.asks("alice", "1");
  REQUIRE(f.lets_in(first));
  REQUIRE(f.lets_in(f.asks("alice", "2")));
  f.goes(first);
  CHECK(f.lets_in(f.asks("alice", "3")));
}

TEST_CASE("a request that went while it was let in takes nobody's place for ever") {
  Fixture f;
  const auto first = f.asks("alice", "1");
  f.goes(first);
  REQUIRE(f.lets_in(first));  // whoever asked had it in hand still
  REQUIRE(f.lets_in(f.asks("alice", "2")));
  const auto third = f.asks("alice", "3");
  CHECK_FALSE(f.lets_in(third));
  f.clock.advance(61s);
  CHECK(f.lets_in(third));
}

TEST_CASE("requests come at the rate that is allowed, after a burst") {
  Fixture f;
  for (int i = 0; i < 4; ++i) {
    const auto asked = f.asks("alice", std::to_string(i));
    CHECK(f.lets_in(asked));
    f.becomes(asked, Phase::Active);
  }
  const auto fifth = f.asks("alice", "5");
  const auto flood = f.gate.admit(fifth);
  REQUIRE(flood);
  CHECK(flood->message == "alice sends requests faster than --requester-qps 1 and --requester-burst 4 allow: ask again later");
  CHECK(f.lets_in(f.asks("bob", "6")));
  f.clock.advance(1s);
  CHECK_FALSE(f.lets_in(fifth));  // what was one too many stays so
  CHECK(f.lets_in(f.asks("alice", "7")));
  CHECK_FALSE(f.lets_in(f.asks("alice", "8")));
}

TEST_CASE("one that was too many is known as such when it is gone, for a while") {
  Fixture f;
  for (int i = 0; i < 4; ++i) f.asks("alice", std::to_string(i));
  const auto fifth = f.asks("alice", "5");
  f.goes(fifth);
  CHECK(f.gate.refusal(fifth));
  f.clock.advance(11min);
  f.asks("alice", "6");
  CHECK_FALSE(f.gate.refusal(fifth));
}

TEST_CASE("a record stands for the floods of its person and its ten minutes") {
  Fixture f;
  for (int i = 0; i < 4; ++i) f.asks("alice", std::to_string(i));
  const auto fifth = f.asks("alice", "5");
  auto written = record(api::AuditAction::Rejected);
  f.gate.recorded(written);  // of some other request
  CHECK_FALSE(f.gate.admit(fifth)->is_recorded);
  written.metadata.name = api::flood_record_name("alice", fifth.metadata.creation_timestamp);
  f.gate.recorded(written);
  CHECK(f.gate.admit(fifth)->is_recorded);
  auto later = fifth;
  later.metadata.creation_timestamp += 10min;
  CHECK_FALSE(f.gate.admit(later)->is_recorded);
}

TEST_CASE("without limits nobody's requests are too many") {
  Fixture f;
  reconcile::FloodGate open(f.clock, {.pending = 0, .qps = 0, .burst = 1});
  for (int i = 0; i < 1000; ++i) {
    const auto asked = request("ask", std::to_string(i));
    open.observe(nullptr, shared(asked));
    REQUIRE_FALSE(open.admit(asked));
  }
}
