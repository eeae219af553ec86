#include <catch2/catch_test_macros.hpp>
#include <set>

#include "unit/limits/request_rate_limiter_fixture.hpp"

// How many records are written of requests that are too many.
using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;

TEST_CASE("a record stands for the floods of its person and its ten minutes") {
  FloodGateFixture f;
  f.grants("alice", "payments", 4);
  const auto fifth = f.asks("alice", "5");
  const auto flood = f.judge(fifth);
  REQUIRE(flood);
  CHECK(flood->summary.record_name == api::flood_record_name("alice", fifth.metadata.creation_timestamp));
  CHECK(flood->summary.message ==
        flood->message + "; other requests of alice that are rejected for this until " +
            format_rfc3339(api::flood_record_until(fifth.metadata.creation_timestamp)) +
            " have no record of their own");
  f.gate.recorded(record(api::AuditAction::Rejected));  // of another request
  CHECK_FALSE(f.judge(fifth)->summary.is_recorded);
  f.writes(flood->summary);
  CHECK(f.judge(fifth)->summary.is_recorded);
  auto later = fifth;
  later.metadata.creation_timestamp += 10min;
  CHECK_FALSE(f.judge(later)->summary.is_recorded);
}

TEST_CASE("many people who flood do not leave a record each: records cost tokens, too") {
  FloodGateFixture f(small());
  std::set<std::string> records;
  for (int i = 0; i < 1000; ++i) {
    const std::string who = "robot-" + std::to_string(i % 100);
    const auto flood = f.judge(f.asks(who, std::to_string(i)));
    if (!flood) continue;
    records.insert(flood->summary.record_name);
    f.writes(flood->summary);
  }
  CHECK(records.size() <= 2);
  CHECK(records.contains(api::namespace_flood_record_name("payments", f.clock.now())));
}

TEST_CASE(
    "a few requests without a policy have records of their own in a namespace, and one stands for the others") {
  FloodGateFixture f;
  std::optional<core::RecordSummary> summary;
  for (int i = 0; i < 8; ++i) {
    auto asked = f.asks("alice", std::to_string(i));
    asked.spec.policy = "nosuch";
    summary = f.gate.without_policy(asked);
    CHECK(summary.has_value() == (i >= 5));
    CHECK(f.gate.without_policy(asked).has_value() == (i >= 5));  // the answer stays the same
  }
  REQUIRE(summary);
  CHECK_FALSE(summary->is_recorded);
  CHECK(summary->record_name == api::without_policy_record_name("payments", f.clock.now()));
  CHECK(
      summary->message ==
      "spec.policy \"nosuch\": there is no AccessPolicy of that name; other requests in namespace payments that name no AccessPolicy that exists have no record of "
      "their own until " +
          format_rfc3339(api::flood_record_until(f.clock.now())));
  f.writes(*summary);
  CHECK(f.gate.without_policy(f.asks("bob", "8"))->is_recorded);
  CHECK_FALSE(f.gate.without_policy(f.asks("alice", "9", "orders")));
  f.clock.advance(10min);
  CHECK_FALSE(f.gate.without_policy(f.asks("alice", "10")));
}

TEST_CASE("requests without a policy cost the cluster only what is recorded of them") {
  FloodGateFixture f({.requester = {}, .ns = {}, .cluster = {.pending = 0, .qps = 0.001, .burst = 10}});
  for (int i = 0; i < 100; ++i) {
    const auto asked = f.asks("alice", std::to_string(i), "full-" + std::to_string(i % 2));
    CHECK_FALSE(f.gate.judge(asked, false, false));
    if (i < 8) f.gate.without_policy(asked);
  }
  CHECK(f.grants("bob", "orders", 10) == 2);
  const auto beyond = f.gate.without_policy(f.asks("alice", "beyond", "quiet"));
  REQUIRE(beyond);
  CHECK(beyond->record_name == api::cluster_flood_record_name(f.clock.now()));
}
