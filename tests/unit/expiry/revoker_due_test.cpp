// When a binding is due.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <future>
#include <thread>

#include "revoker_fixture.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using expiry::end_of;
using runtime::Outcome;

TEST_CASE("a binding ends when its annotation says") {
  const TimePoint now(1000s);
  CHECK(end_of(binding("2026-11-24T21:00:00Z"), now) == parse_rfc3339("2026-11-24T21:00:00Z"));
  CHECK(end_of(binding("2026-11-24T22:00:00+01:00"), now) == parse_rfc3339("2026-11-24T21:00:00Z"));
}

TEST_CASE("a binding whose end cannot be read ends now") {
  const TimePoint now(1000s);
  CHECK(end_of(binding(""), now) == now);
  CHECK(end_of(binding("tomorrow"), now) == now);
  CHECK(end_of(binding("2026-02-30T00:00:00Z"), now) == now);
  auto without = binding("2026-11-24T21:00:00Z");
  without.metadata.annotations.clear();
  CHECK(end_of(without, now) == now);
}

TEST_CASE("a binding that bears our label without being ours has no end") {
  auto foreign = binding("2026-11-24T21:00:00Z");
  SECTION("another name") {
    foreign.metadata.name = "team-access";
  }
  SECTION("another label") {
    foreign.metadata.labels.begin()->second = kOtherUid;
  }
  SECTION("no label") {
    foreign.metadata.labels.clear();
  }
  CHECK_FALSE(end_of(foreign, TimePoint(1000s)));
}

TEST_CASE("a binding with the name and the label of a grant ends when it says, whatever its owner") {
  auto one = binding("2026-11-24T21:00:00Z");
  SECTION("no owner: the garbage collector took it away") {
    one.metadata.owner_references.clear();
  }
  SECTION("an owner of another uid") {
    one.metadata.owner_references.front().uid = kOtherUid;
  }
  SECTION("an owner of another kind") {
    one.metadata.owner_references.front().kind = "ConfigMap";
  }
  SECTION("several owners") {
    one.metadata.owner_references.insert(one.metadata.owner_references.begin(),
                                         {.api_version = "v1", .kind = "ConfigMap", .name = "x", .uid = "y"});
  }
  CHECK(end_of(one, TimePoint(1000s)) == parse_rfc3339("2026-11-24T21:00:00Z"));
}

TEST_CASE("no binding lasts longer than the longest grant, whatever it says") {
  auto one = binding("2099-01-01T00:00:00Z");
  one.metadata.creation_timestamp = *parse_rfc3339("2026-01-01T00:00:00Z");
  CHECK(end_of(one, TimePoint(1000s)) == parse_rfc3339("2027-01-01T01:00:00Z"));
  one.metadata.annotations["curfew.dev/expires-at"] = "2027-01-01T00:00:00Z";
  CHECK(end_of(one, TimePoint(1000s)) == parse_rfc3339("2027-01-01T00:00:00Z"));
}

TEST_CASE("the leader ends a single binding 0.4 s and 4 ms before its end, not earlier") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.clock.advance(60s - 404'001us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  CHECK(replica.due() == Names{one.metadata.name});
}

TEST_CASE("a backlog starts earlier, by 4 ms for each binding that ends no later") {
  Replica replica;
  constexpr int kBacklog = 10;
  for (int i = 0; i < kBacklog; ++i) replica.add(binding(in(replica, 60s), "r", uid(i)));
  replica.add(binding(in(replica, 61s), "later", kUid));  // not part of the backlog
  replica.clock.advance(60s - 440'001us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  CHECK(replica.due().size() == kBacklog);
}

TEST_CASE(
    "a binding that ends just before a backlog ends earlier with it; one that ends long enough before does not") {
  Replica replica;
  constexpr int kBacklog = 1000;  // 4.4 s
  for (int i = 0; i < kBacklog; ++i)
    replica.add(
        binding(in(replica, 60s), "r", "3f2c9a4e-0000-4000-8000-" + std::to_string(100'000'000'000 + i)));
  const auto before = replica.add(binding(in(replica, 57s), "before", uid(1)));
  const auto long_before = replica.add(binding(in(replica, 50s), "long before", uid(2)));
  replica.clock.advance(50s - 404ms);
  CHECK(replica.due() == Names{long_before.metadata.name});
  replica.clock.advance(60s - 4404ms - 1us - (50s - 404ms));
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  const Names due = replica.due();
  CHECK(due.size() == kBacklog + 1);
  CHECK(due.front() == before.metadata.name);
}

TEST_CASE(
    "bindings that end one after the other as fast as they can be deleted need no lead for each other") {
  Replica replica;
  for (int i = 0; i < 3; ++i) replica.add(binding(in(replica, std::chrono::seconds(60 + i)), "r", uid(i)));
  replica.clock.advance(60s - 404ms);
  CHECK(replica.due().size() == 1);
  replica.clock.advance(1s - 1us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  CHECK(replica.due().size() == 1);
}

TEST_CASE("a large backlog starts ten seconds early at most, and stays due") {
  Replica replica;
  for (int i = 0; i < 6000; ++i)
    replica.add(
        binding(in(replica, 60s), "r", "3f2c9a4e-0000-4000-8000-" + std::to_string(100'000'000'000 + i)));
  replica.clock.advance(50s - 1us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  replica.turn();
  CHECK(replica.revoker.has_backlog());
  const auto key = replica.revoker.queue().try_get();
  REQUIRE(key);
  replica.revoker.end(*key, {});
  CHECK(replica.api.calls().size() == 1);
  replica.clock.advance(5s);
  CHECK_FALSE(replica.revoker.has_backlog());  // other work has waited long enough
}

TEST_CASE("what deletions take while many wait decides how early the next backlog starts") {
  Replica replica;
  const auto took = GENERATE(1us, 24'000us, 1'000'000us);
  replica.api.on_call = [&](const std::string&) { replica.clock.advance(took); };
  std::vector<api::RoleBinding> many;
  for (int i = 0; i < 200; ++i)
    many.push_back(replica.add(
        binding(in(replica, 1s), "r", "3f2c9a4e-0000-4000-8000-" + std::to_string(100'000'000'000 + i))));
  replica.clock.advance(1s);
  replica.turn();
  while (const auto key = replica.revoker.queue().try_get()) replica.revoker.end(*key, {});
  for (const auto& each : many) replica.see_deleted(each);

  for (int i = 0; i < 10; ++i) replica.add(binding(in(replica, 60s), "r", uid(i)));
  const auto start = in(replica, 60s);
  const auto each = std::clamp<std::chrono::microseconds>(took / 8, 1200us, 8000us);
  const auto tolerance = 1ms;  // an average is only approximate
  replica.clock.advance(start - replica.clock.now() - 400ms - 10 * each - tolerance);
  CHECK(replica.due().empty());
  replica.clock.advance(2 * tolerance);
  CHECK(replica.due().size() == 10);
}

TEST_CASE("bindings end in the order of their ends") {
  Replica replica;
  const auto second = replica.add(binding(in(replica, 20s), "b", uid(2)));
  const auto third = replica.add(binding(in(replica, 30s), "c", uid(1)));
  const auto first = replica.add(binding(in(replica, 10s), "a", uid(3)));
  CHECK(replica.due().empty());
  replica.clock.advance(1min);
  CHECK(replica.due() == Names{first.metadata.name, second.metadata.name, third.metadata.name});
}

TEST_CASE("a replica that does not lead gives the leader two seconds") {
  Replica replica;
  replica.leads = false;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.clock.advance(62s - 1us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  REQUIRE(replica.due() == Names{one.metadata.name});
  replica.revoker.end(one.metadata.key(), {});
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE("an unreadable end is now, whether one leads or not") {
  Replica replica;
  replica.leads = GENERATE_COPY(true, false);
  const auto one = replica.add(binding("whenever"));
  replica.clock.advance(2s);  // the delay of a follower
  REQUIRE(replica.due() == Names{one.metadata.name});
  replica.revoker.end(one.metadata.key(), {});
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE("a binding of others with our label is left alone") {
  Replica replica;
  auto foreign = binding(in(replica, -60s));
  foreign.metadata.name = "team-access";
  foreign = replica.add(foreign);
  CHECK(replica.due().empty());
  CHECK(replica.revoker.end(foreign.metadata.key(), {}).kind == Outcome::Kind::Done);
  CHECK(replica.is_there(foreign));
  CHECK(replica.api.calls().empty());
}

TEST_CASE("a binding that loses its owner ends on time, on the leader and on a follower") {
  Replica replica;
  replica.leads = GENERATE_COPY(true, false);
  auto one = replica.add(binding(in(replica, 60s)));
  one.metadata.owner_references.clear();
  replica.see(one);
  CHECK(replica.due().empty());
  replica.clock.advance(62s);  // the delay of a follower
  REQUIRE(replica.due() == Names{one.metadata.name});
  CHECK(replica.revoker.past_end() == 1);
  replica.revoker.end(one.metadata.key(), {});
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE("an end that moves counts as it stands") {
  Replica replica;
  auto one = replica.add(binding(in(replica, 60s)));
  SECTION("earlier") {
    replica.see(binding(in(replica, 10s)));
    replica.clock.advance(10s);
    CHECK(replica.due() == Names{one.metadata.name});
  }
  SECTION("later") {
    replica.see(binding(in(replica, 120s)));
    replica.clock.advance(60s);
    CHECK(replica.due().empty());
    replica.clock.advance(60s);
    CHECK(replica.due() == Names{one.metadata.name});
  }
  SECTION("later, when a worker has it already") {
    replica.clock.advance(60s);
    REQUIRE(replica.due() == Names{one.metadata.name});
    replica.api.forget_calls();
    deliver(replica.bindings, binding(in(replica, 60s)));  // the store is ahead of observe()
    CHECK(replica.revoker.end(one.metadata.key(), {}).kind == Outcome::Kind::Done);
    CHECK(replica.api.calls().empty());
    replica.clock.advance(60s);
    CHECK(replica.due() == Names{one.metadata.name});
  }
}

TEST_CASE("a wall clock that steps an hour ahead ends what is due by it") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 30min)));
  CHECK(replica.due().empty());
  replica.clock.step_wall(1h);
  CHECK(replica.due() == Names{one.metadata.name});
}

TEST_CASE("a wall clock that steps an hour back ends nothing before its time, and loses nothing") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.clock.advance(60s);
  REQUIRE(replica.due() == Names{one.metadata.name});
  replica.clock.step_wall(-1h);
  replica.revoker.end(one.metadata.key(), {});
  CHECK(replica.is_there(one));
  CHECK(replica.due().empty());
  replica.clock.advance(1h);
  CHECK(replica.due() == Names{one.metadata.name});
}

TEST_CASE("the loop notices a step of the wall clock within about a second") {
  Replica replica;
  std::atomic<bool> leads = true;
  expiry::Revoker revoker({.client = replica.client,
                           .bindings = replica.bindings,
                           .deletions = replica.deletions,
                           .on_ended = [](std::chrono::microseconds) {},
                           .on_failed = [](ErrorKind) {},
                           .clock = replica.clock,
                           .is_leader = [&] { return leads.load(); }});
  const auto one = shared(binding(in(replica, 30min)));
  revoker.observe(nullptr, one);
  std::jthread loop([&](std::stop_token stop) { revoker.run(std::move(stop)); });
  std::stop_source patience;
  auto taken = std::async(std::launch::async, [&] { return revoker.queue().get(patience.get_token()); });
  replica.clock.step_wall(1h);
  const bool in_time = taken.wait_for(3s) == std::future_status::ready;
  patience.request_stop();
  CHECK(in_time);
  CHECK(taken.get() == one->metadata.key());
}
