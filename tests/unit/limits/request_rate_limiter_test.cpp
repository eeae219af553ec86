#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "unit/limits/request_rate_limiter_fixture.hpp"

// Which requests are too many.
using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using api::Phase;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("as many requests of one person may wait as the limit says, and those of others are no matter") {
  FloodGateFixture f;
  const auto first = f.asks("alice", "1");
  CHECK(f.lets_in(first));
  CHECK(f.lets_in(f.asks("alice", "2")));
  const auto third = f.asks("alice", "3");
  const auto flood = f.judge(third);
  REQUIRE(flood);
  CHECK(
      flood->message ==
      "alice has 2 requests waiting, and --pending-per-requester allows 2: ask again when some of them are decided or withdrawn");
  CHECK_FALSE(flood->summary.is_recorded);
  CHECK(f.lets_in(f.asks("bob", "4")));
}

TEST_CASE("the limit of pending requests in a namespace counts those of all senders") {
  FloodGateFixture f({.requester = {.pending = 0, .qps = 0, .burst = 1},
                      .ns = {.pending = 2, .qps = 0, .burst = 1},
                      .cluster = {}});
  CHECK(f.lets_in(f.asks("alice", "1")));
  const auto second = f.asks("bob", "2");
  CHECK(f.lets_in(second));
  const auto flood = f.judge(f.asks("carol", "3"));
  REQUIRE(flood);
  CHECK(
      flood->message ==
      "namespace payments has 2 requests waiting, of all people together, and --pending-per-namespace allows 2: ask again when some of them are decided or withdrawn");
  CHECK(f.lets_in(f.asks("carol", "4", "orders")));
  f.becomes(second, Phase::Denied);
  CHECK(f.lets_in(f.asks("carol", "5")));
}

TEST_CASE("an admitted request stays admitted and a refused one refused, also when evaluated again") {
  FloodGateFixture f;
  const auto first = f.asks("alice", "1");
  const auto second = f.asks("alice", "2");
  REQUIRE(f.lets_in(first));
  REQUIRE(f.lets_in(second));
  CHECK(f.lets_in(first));
  f.becomes(first, Phase::Pending);
  f.becomes(second, Phase::Pending);
  const auto third = f.asks("alice", "3");
  CHECK_FALSE(f.lets_in(third));
  f.becomes(first, Phase::Active);
  CHECK_FALSE(f.lets_in(third));
  CHECK(f.lets_in(f.asks("alice", "4")));
}

TEST_CASE("a request that is scheduled, granted, decided or gone makes room") {
  for (const auto phase : {Phase::Scheduled, Phase::Active, Phase::Denied}) {
    FloodGateFixture f;
    const auto first = f.asks("alice", "1");
    REQUIRE(f.lets_in(first));
    REQUIRE(f.lets_in(f.asks("alice", "2")));
    f.becomes(first, phase);
    CHECK(f.lets_in(f.asks("alice", "3")));
  }
  FloodGateFixture f;
  const auto first = f.asks("alice", "1");
  REQUIRE(f.lets_in(first));
  REQUIRE(f.lets_in(f.asks("alice", "2")));
  f.goes(first);
  CHECK(f.lets_in(f.asks("alice", "3")));
}

TEST_CASE("any number of requests may be scheduled, because they wait for nobody") {
  FloodGateFixture f({.requester = {.pending = 20, .qps = 0, .burst = 1},
                      .ns = {.pending = 20, .qps = 0, .burst = 1},
                      .cluster = {}});
  for (int i = 0; i < 25; ++i) {
    const auto asked = f.asks("flux", std::to_string(i));
    CHECK(f.lets_in(asked));
    f.becomes(asked, Phase::Scheduled);
  }
}

TEST_CASE("a scheduled request that waits for an approval again takes a place again") {
  FloodGateFixture f;
  const auto first = f.asks("alice", "1");
  REQUIRE(f.lets_in(first));
  f.becomes(first, Phase::Scheduled);
  REQUIRE(f.lets_in(f.asks("alice", "2")));
  f.becomes(first, Phase::Pending);
  CHECK_FALSE(f.lets_in(f.asks("alice", "3")));
}

TEST_CASE("a request that went while it was let in takes nobody's place for ever") {
  FloodGateFixture f({.requester = {.pending = 2, .qps = 0, .burst = 1},
                      .ns = {.pending = 3, .qps = 0, .burst = 1},
                      .cluster = {}});
  const auto first = f.asks("alice", "1");
  f.goes(first);
  REQUIRE(f.lets_in(first));  // the caller still had the deleted request
  REQUIRE(f.lets_in(f.asks("alice", "2")));
  CHECK_FALSE(f.lets_in(f.asks("alice", "3")));
  REQUIRE(f.lets_in(f.asks("bob", "4")));
  CHECK_FALSE(f.lets_in(f.asks("bob", "5")));
  f.clock.advance(61s);
  CHECK(f.lets_in(f.asks("alice", "6")));
  CHECK(f.lets_in(f.asks("bob", "7")));
}

TEST_CASE("requests come at the rate that is allowed, after a burst") {
  FloodGateFixture f;
  CHECK(f.grants("alice", "payments", 4) == 4);
  const auto fifth = f.asks("alice", "5");
  const auto flood = f.judge(fifth);
  REQUIRE(flood);
  CHECK(flood->message ==
        "alice sends requests faster than --requester-qps 1 and --requester-burst 4 allow: ask again later");
  CHECK(f.lets_in(f.asks("bob", "6")));
  f.clock.advance(1s);
  CHECK_FALSE(f.lets_in(fifth));  // a rejected request stays rejected
  CHECK(f.lets_in(f.asks("alice", "7")));
  CHECK_FALSE(f.lets_in(f.asks("alice", "8")));
}

TEST_CASE("a request that is refused because too many wait costs no token") {
  FloodGateFixture f;
  REQUIRE(f.lets_in(f.asks("alice", "1")));
  const auto second = f.asks("alice", "2");
  REQUIRE(f.lets_in(second));
  for (int i = 0; i < 100; ++i) CHECK_FALSE(f.lets_in(f.asks("alice", "more-" + std::to_string(i))));
  f.becomes(second, Phase::Denied);
  CHECK(f.lets_in(f.asks("alice", "3")));
}

TEST_CASE(
    "requests that are gone before they were decided cost a token each, and what is beyond is too many") {
  FloodGateFixture f;
  for (int i = 0; i < 4; ++i) {
    const auto asked = f.asks("alice", std::to_string(i));
    f.goes(asked);
    CHECK_FALSE(f.judge_gone(asked));
    CHECK_FALSE(f.judge_gone(asked));  // counted once
  }
  const auto fifth = f.asks("alice", "5");
  f.goes(fifth);
  CHECK(f.judge_gone(fifth));
}

TEST_CASE("a request that was let in and then went takes no second token") {
  FloodGateFixture f;
  for (int i = 0; i < 4; ++i) {
    const auto asked = f.asks("alice", std::to_string(i));
    REQUIRE(f.lets_in(asked));
    f.goes(asked);
    CHECK_FALSE(f.judge_gone(asked));
  }
  CHECK_FALSE(f.lets_in(f.asks("alice", "5")));
}

TEST_CASE("many usernames in one namespace have one bucket, and other namespaces theirs") {
  FloodGateFixture f(small());
  int granted = 0;
  for (int i = 0; i < 100; ++i) granted += f.grants("robot-" + std::to_string(i), "payments", 1);
  CHECK(granted == 20);
  const auto flood = f.judge(f.asks("alice", "1"));
  REQUIRE(flood);
  CHECK(
      flood->message ==
      "in namespace payments all people together send requests faster than --namespace-qps 1 and --namespace-burst 20 allow (half of it is kept for those who send few): ask again later");
  CHECK(f.grants("alice", "orders", 1) == 1);
  f.clock.advance(1s);
  CHECK(f.grants("bob", "payments", 2) == 1);
}

TEST_CASE("one person who floods leaves half of the namespace's bucket to others") {
  auto limits = small();
  limits.requester = {.pending = 0, .qps = 0.5, .burst = 100};
  FloodGateFixture f(limits);
  CHECK(f.grants("mallory", "payments", 1000) == 20);  // her own bucket would allow a hundred
  limits.requester.burst = 8;
  FloodGateFixture g(limits);
  CHECK(g.grants("mallory", "payments", 1000) == 8);
  CHECK(g.grants("trudy", "payments", 1000) == 5);  // until half of her own bucket is used
  CHECK(g.grants("alice", "payments", 2) == 2);
}

TEST_CASE(
    "namespaces that flood leave half of the cluster's bucket to others, and get no more than their own") {
  FloodGateFixture f(small());
  int granted = 0;
  for (const auto* where : {"one", "two", "three", "four", "five", "six"}) {
    for (int i = 0; i < 100; ++i)
      granted += f.grants(std::string("robot-") + where + std::to_string(i), where, 1);
  }
  // Twenty each, until half of the cluster's bucket is used, and a little of the reserved half.
  CHECK(granted > 100);
  CHECK(granted < 115);
  CHECK(f.grants("alice", "orders", 3) == 3);
}

TEST_CASE("the cluster's limit says whose fault it is not") {
  auto limits = small();
  limits.cluster = {.pending = 0, .qps = 2, .burst = 3};
  FloodGateFixture f(limits);
  CHECK(f.grants("alice", "payments", 1) + f.grants("bob", "orders", 1) + f.grants("carol", "stock", 1) == 3);
  const auto flood = f.judge(f.asks("dave", "1", "accounts"));
  REQUIRE(flood);
  CHECK(
      flood->message ==
      "in this cluster all people together send requests faster than --cluster-qps 2 and --cluster-burst 3 allow (half of it is kept for namespaces with few): ask again later");
  CHECK_THAT(
      flood->summary.message,
      ContainsSubstring(
          "; other requests in this cluster that are rejected as too many, or name no AccessPolicy that exists, until "));
  CHECK(flood->summary.record_name == api::cluster_flood_record_name(f.clock.now()));
}

TEST_CASE("what is remembered stays small, whatever the number of usernames and namespaces") {
  FloodGateFixture f({.requester = {.pending = 20, .qps = 0.005, .burst = 100},
                      .ns = {.pending = 1000, .qps = 0, .burst = 1},
                      .cluster = {}});
  for (int i = 0; i < 100'000; ++i) {
    const auto asked =
        f.asks("robot-" + std::to_string(i), std::to_string(i), "space-" + std::to_string(i % 20'000));
    f.gate.judge(asked, i % 2 == 0, false);
    f.gate.without_policy(asked);
    f.goes(asked);
  }
  CHECK(f.gate.size() < 25'000);
  f.clock.advance(11min);
  f.asks("alice", "last");
  CHECK(f.gate.size() < 11'000);
}

TEST_CASE("by default an ordinary burst is let in, and a namespace's leaves room for the others") {
  FloodGateFixture f(limits::RequestRateLimits{});
  int people = 0;
  for (int i = 0; i < 5; ++i) people += f.grants("dev-" + std::to_string(i), "payments", 100);
  CHECK(people == 500);
  for (int i = 0; i < 1000; ++i) f.grants("robot-" + std::to_string(i), "lost", 10);
  CHECK(f.grants("alice", "payments", 50) == 50);
}

TEST_CASE("without limits nobody's requests are too many") {
  FloodGateFixture f({.requester = {}, .ns = {}, .cluster = {}});
  for (int i = 0; i < 10'000; ++i) REQUIRE(f.lets_in(f.asks("alice", std::to_string(i))));
}

TEST_CASE("a requester and a namespace are forgotten once nothing waits and their buckets are full again") {
  FloodGateFixture f(small());
  const auto waiting = f.asks("alice", "waiting");
  REQUIRE(f.lets_in(waiting));
  f.becomes(waiting, Phase::Pending);
  REQUIRE(f.grants("bob", "elsewhere", 2) == 2);
  const auto before = f.gate.size();
  f.clock.advance(1h);
  f.goes(f.asks("nobody", "never-judged"));
  // Of alice, her namespace and her request everything is kept; of bob, his namespace and his requests
  // nothing.
  CHECK(f.gate.size() == 3);
  CHECK(before > 3);
  f.goes(waiting);
  f.clock.advance(1h);
  f.goes(f.asks("nobody", "never-judged-either"));
  CHECK(f.gate.size() == 0);
}
