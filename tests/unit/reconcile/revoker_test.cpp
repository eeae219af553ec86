#include "reconcile/revoker.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <future>
#include <thread>

#include "unit/reconcile/builders.hpp"
#include "unit/reconcile/fake_api.hpp"
#include "unit/runtime/manual_clock.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using reconcile::end_of;
using runtime::Outcome;

namespace {

using Names = std::vector<std::string>;

// A revoker of one replica before a fake API server; its loop is turned by hand, and changes are seen when the test says so.
class Replica {
 public:
  FakeApi api;
  kube::Client client{api};
  kube::Store<api::RoleBinding> bindings;
  reconcile::Memory memory;
  runtime::Metrics metrics{"test"};
  ManualClock clock;
  bool leads = true;
  reconcile::Revoker revoker{{.client = client, .bindings = bindings, .memory = memory, .metrics = metrics, .clock = clock, .is_leader = [this] {
                                turn_.request_stop();
                                return leads;
                              }}};

  // The API server has it, and the watch delivers it.
  api::RoleBinding add(const api::RoleBinding& object) {
    const auto stored = api.put(object);
    see(stored);
    return stored;
  }
  void see(const api::RoleBinding& object) {
    const auto before = bindings.get(object.metadata.key());
    revoker.observe(before, deliver(bindings, object));
  }
  void see_again(const api::RoleBinding& object) { see(*api::decode<api::RoleBinding>(api.get<api::RoleBinding>(object.metadata.key()))); }
  void see_deleted(const api::RoleBinding& object) { revoker.observe(take_away(bindings, object.metadata.key()), nullptr); }

  // Once around the loop: what is due is in the queue afterwards. The loop asks who leads once a round, which is where this stops it.
  void turn() {
    turn_ = std::stop_source();
    revoker.run(turn_.get_token());
  }
  // What a turn finds due, in that order; as if an ending worker had taken each.
  Names due() {
    turn();
    Names names;
    while (const auto key = revoker.queue().try_get()) {
      names.push_back(key->name);
      revoker.queue().done(*key);
    }
    return names;
  }
  bool shows(const std::string& line) { return metrics.render().find("\n" + line + "\n") != std::string::npos; }
  bool is_there(const api::RoleBinding& object) const { return !api.get<api::RoleBinding>(object.metadata.key()).is_null(); }

 private:
  std::stop_source turn_;
};

std::string uid(int number) { return "3f2c9a4e-0000-4000-8000-00000000010" + std::to_string(number); }

std::string path_of(const api::RoleBinding& object) {
  return "/apis/rbac.authorization.k8s.io/v1/namespaces/" + object.metadata.name_space + "/rolebindings/" + object.metadata.name;
}

TimePoint in(const Replica& replica, std::chrono::seconds delay) { return floor_to_second(replica.clock.now()) + delay; }

}  // namespace

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
  SECTION("another name") { foreign.metadata.name = "team-access"; }
  SECTION("another label") { foreign.metadata.labels.begin()->second = kOtherUid; }
  SECTION("no label") { foreign.metadata.labels.clear(); }
  SECTION("no owner") { foreign.metadata.owner_references.clear(); }
  SECTION("an owner of another uid") { foreign.metadata.owner_references.front().uid = kOtherUid; }
  SECTION("an owner of another kind") { foreign.metadata.owner_references.front().kind = "ConfigMap"; }
  CHECK_FALSE(end_of(foreign, TimePoint(1000s)));
}

TEST_CASE("one of several owners is enough") {
  auto shared_one = binding("2026-11-24T21:00:00Z");
  shared_one.metadata.owner_references.insert(shared_one.metadata.owner_references.begin(), {.api_version = "v1", .kind = "ConfigMap", .name = "x", .uid = "y"});
  CHECK(end_of(shared_one, TimePoint(1000s)));
}

TEST_CASE("the leader ends a single binding 0.4 s and 5 ms before its end, not earlier") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.clock.advance(60s - 405'001us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  CHECK(replica.due() == Names{one.metadata.name});
}

TEST_CASE("a backlog starts earlier, by 5 ms for each binding that ends at about that time") {
  Replica replica;
  constexpr int kBacklog = 10;
  for (int i = 0; i < kBacklog; ++i) replica.add(binding(in(replica, 60s), "r", uid(i)));
  replica.add(binding(in(replica, 90s), "later", kUid));  // beyond the horizon: no part of it
  replica.clock.advance(60s - 450'001us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  CHECK(replica.due().size() == kBacklog);
}

TEST_CASE("a large backlog starts three seconds early at most, and stays due") {
  Replica replica;
  for (int i = 0; i < 1000; ++i) replica.add(binding(in(replica, 60s), "r", "3f2c9a4e-0000-4000-8000-" + std::to_string(100'000'000'000 + i)));
  replica.clock.advance(57s - 1us);
  CHECK(replica.due().empty());
  replica.clock.advance(1us);
  replica.turn();
  CHECK(replica.revoker.has_a_crowd());
  const auto key = replica.revoker.queue().try_get();
  REQUIRE(key);
  replica.revoker.end(*key, {});
  CHECK(replica.api.calls().size() == 1);
  replica.clock.advance(5s);
  CHECK_FALSE(replica.revoker.has_a_crowd());  // others have waited long enough
}

TEST_CASE("what deletions take while many wait decides how early the next backlog starts") {
  Replica replica;
  const auto took = GENERATE(1us, 24'000us, 1'000'000us);
  replica.api.on_call = [&](const std::string&) { replica.clock.advance(took); };
  std::vector<api::RoleBinding> many;
  for (int i = 0; i < 200; ++i) many.push_back(replica.add(binding(in(replica, 1s), "r", "3f2c9a4e-0000-4000-8000-" + std::to_string(100'000'000'000 + i))));
  replica.clock.advance(1s);
  replica.turn();
  while (const auto key = replica.revoker.queue().try_get()) replica.revoker.end(*key, {});
  for (const auto& each : many) replica.see_deleted(each);

  for (int i = 0; i < 10; ++i) replica.add(binding(in(replica, 60s), "r", uid(i)));
  const auto start = in(replica, 60s);
  const auto each = std::clamp<std::chrono::microseconds>(took / 8, 1200us, 8000us);
  const auto tolerance = 1ms;  // an average only comes near
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
  replica.clock.advance(2s);  // a follower's patience
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

TEST_CASE("a binding that loses its owner is not ours any more") {
  Replica replica;
  auto one = replica.add(binding(in(replica, 60s)));
  one.metadata.owner_references.clear();
  replica.see(one);
  replica.clock.advance(2min);
  CHECK(replica.due().empty());
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
  reconcile::Revoker revoker({.client = replica.client, .bindings = replica.bindings, .memory = replica.memory, .metrics = replica.metrics, .clock = replica.clock, .is_leader = [&] {
                                return leads.load();
                              }});
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

TEST_CASE("ending deletes the binding with its uid and waits for the watch to say so") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 0s)));
  const auto outcome = replica.revoker.end(one.metadata.key(), {});
  CHECK(replica.api.calls() == Names{"DELETE " + path_of(one)});
  CHECK(replica.api.last_body()["preconditions"]["uid"] == one.metadata.uid);
  CHECK(replica.api.last_body()["propagationPolicy"] == "Background");
  CHECK(outcome.kind == Outcome::Kind::Done);
  CHECK(outcome.after == 1s);  // asked again unless the watch was faster

  replica.see_deleted(one);
  CHECK(replica.due().empty());
  replica.api.forget_calls();
  CHECK(replica.revoker.end(one.metadata.key(), {}).after == 0s);
  CHECK(replica.api.calls().empty());
}

TEST_CASE("a deletion that the watch does not confirm is asked for again") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 0s)));
  replica.revoker.end(one.metadata.key(), {});
  replica.api.forget_calls();
  const auto again = replica.revoker.end(one.metadata.key(), {});  // 404 now: still not confirmed
  CHECK(replica.api.calls() == Names{"DELETE " + path_of(one)});
  CHECK(again.kind == Outcome::Kind::Done);
}

TEST_CASE("a deletion without an answer is asked for again at once, and beside it with more patience") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 0s)));
  replica.api.fail("DELETE", {.kind = ErrorKind::Timeout, .message = "late"}, 2);
  const auto outcome = replica.revoker.end(one.metadata.key(), {});
  CHECK(outcome.kind == Outcome::Kind::RetryAfter);
  CHECK(outcome.after == 50ms);
  CHECK(replica.client.contact().in_contact());  // less than a second is no loss of it
  REQUIRE(replica.revoker.patient_queue().try_get() == one.metadata.key());

  CHECK(replica.revoker.end_patiently(one.metadata.key(), {}).after == 0s);
  CHECK(replica.is_there(one));
  CHECK_FALSE(replica.client.contact().in_contact());
  replica.revoker.end_patiently(one.metadata.key(), {});
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE("with more patience, too, only what is due is ended") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.revoker.end_patiently(one.metadata.key(), {});
  CHECK(replica.api.calls().empty());
}

TEST_CASE("a binding that a finalizer holds loses finalizers and subjects") {
  Replica replica;
  auto held = binding(in(replica, 0s));
  held.metadata.finalizers = {"example.com/hold"};
  held = replica.add(held);
  replica.revoker.end(held.metadata.key(), {});
  REQUIRE(replica.is_there(held));  // 200, and it goes on granting

  replica.see_again(held);
  CHECK(replica.due() == Names{held.metadata.name});
  replica.api.forget_calls();
  const auto outcome = replica.revoker.end(held.metadata.key(), {});
  CHECK(replica.api.calls() == Names{"PATCH " + path_of(held)});
  CHECK(replica.api.last_body() == FakeApi::Json{{"metadata", {{"uid", held.metadata.uid}, {"finalizers", nullptr}}}, {"subjects", nullptr}});
  CHECK_FALSE(replica.is_there(held));
  CHECK(outcome.kind == Outcome::Kind::RetryRateLimited);  // until it is gone
}

TEST_CASE("where the subjects of a held binding cannot be changed its finalizers are lifted alone") {
  Replica replica;
  auto held = binding(in(replica, 0s));
  held.metadata.finalizers = {"example.com/hold"};
  held.metadata.deletion_timestamp = replica.clock.now();
  held = replica.add(held);
  replica.api.fail("PATCH", 403, "Forbidden", "attempting to grant RBAC permissions not currently held");
  replica.revoker.end(held.metadata.key(), {});
  CHECK(replica.api.calls().size() == 2);
  CHECK(replica.api.last_body() == FakeApi::Json{{"metadata", {{"uid", held.metadata.uid}, {"finalizers", nullptr}}}});
  CHECK_FALSE(replica.is_there(held));
}

TEST_CASE("a new object of the old one's name is not deleted") {
  Replica replica;
  const auto old = replica.add(binding(in(replica, 0s)));
  auto fresh = binding(in(replica, 3600s));
  fresh.metadata.uid = "the-new-one";
  replica.api.put(fresh);
  const auto outcome = replica.revoker.end(old.metadata.key(), {});
  CHECK(replica.is_there(old));
  CHECK(outcome.kind == Outcome::Kind::RetryRateLimited);

  SECTION("nor is it freed of what holds it") {
    auto held = old;
    held.metadata.deletion_timestamp = replica.clock.now();
    held.metadata.finalizers = {"example.com/hold"};
    replica.see(held);
    replica.api.forget_calls();
    replica.revoker.end(held.metadata.key(), {});
    CHECK(replica.api.get<api::RoleBinding>(held.metadata.key())["subjects"].size() == 1);
  }
  SECTION("once the watch has it, it has its own end") {
    replica.see_again(fresh);
    CHECK(replica.due().empty());
    CHECK(replica.revoker.end(fresh.metadata.key(), {}).kind == Outcome::Kind::Done);
    CHECK(replica.is_there(fresh));
  }
}

TEST_CASE("whatever goes wrong, a deletion is tried again within a second, for ever") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 0s)));
  constexpr int kTries = 50;
  replica.api.fail("DELETE", {.kind = ErrorKind::Timeout, .message = "no answer"}, kTries / 2);
  replica.api.fail("DELETE", 403, "Forbidden", "no", kTries / 2);
  auto& queue = replica.revoker.queue();
  queue.add(one.metadata.key());
  for (int i = 0; i < kTries; ++i) {
    CAPTURE(i);
    const auto key = queue.try_get();
    REQUIRE(key);
    REQUIRE(replica.revoker.end(*key, {}).kind == (i < kTries / 2 ? Outcome::Kind::RetryAfter : Outcome::Kind::RetryRateLimited));
    queue.add_rate_limited(*key);  // as a worker does, or sooner
    queue.done(*key);
    REQUIRE(replica.is_there(one));
    replica.clock.advance(1s);
  }
  const auto key = queue.try_get();
  REQUIRE(key);
  CHECK(replica.revoker.end(*key, {}).kind == Outcome::Kind::Done);
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE("a binding taken while leading and handled after leadership was lost is ended two seconds late, not lost") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.clock.advance(60s - 400ms);
  REQUIRE(replica.due() == Names{one.metadata.name});
  replica.leads = false;
  CHECK(replica.revoker.end(one.metadata.key(), {}).kind == Outcome::Kind::Done);
  CHECK(replica.is_there(one));
  replica.clock.advance(2399ms);
  CHECK(replica.due().empty());
  replica.clock.advance(1ms);
  REQUIRE(replica.due() == Names{one.metadata.name});
  replica.revoker.end(one.metadata.key(), {});
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE("a replica that starts to lead ends at once what another one left") {
  Replica replica;
  replica.leads = false;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.clock.advance(61s);
  CHECK(replica.due().empty());
  replica.leads = true;
  CHECK(replica.due() == Names{one.metadata.name});
}

TEST_CASE("a binding is past its end from its end on, until the watch says that it is gone") {
  Replica replica;
  replica.add(binding(in(replica, 120s), "later", uid(1)));
  const auto one = replica.add(binding(in(replica, 60s)));
  const TimePoint end = in(replica, 60s);
  replica.clock.advance(end - 400ms - replica.clock.now() - 10ms);
  replica.turn();
  CHECK(replica.revoker.past_end() == 0);
  replica.clock.advance(409ms);
  REQUIRE_FALSE(replica.due().empty());  // its deletion is under way
  CHECK(replica.revoker.past_end() == 0);
  replica.clock.advance(1ms);
  CHECK(replica.revoker.past_end() == 1);
  replica.revoker.end(one.metadata.key(), {});
  CHECK(replica.revoker.past_end() == 1);
  replica.see_deleted(one);
  CHECK(replica.revoker.past_end() == 0);
}

TEST_CASE("a binding whose end cannot be read is past it, one of others has none") {
  Replica replica;
  replica.add(binding("whenever", "debug", uid(1)));
  auto foreign = binding(in(replica, -60s));
  foreign.metadata.name = "team-access";
  replica.add(foreign);
  CHECK(replica.revoker.past_end() == 1);
}

TEST_CASE("only ends by time say how punctual ends are") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 60s)));
  const TimePoint end = in(replica, 60s);
  SECTION("revoked early") {
    replica.clock.advance(end - 1001ms - replica.clock.now());
    replica.see_deleted(one);
    CHECK(replica.shows("curfew_revocation_lateness_seconds_count 0"));
  }
  SECTION("within the last second") {
    replica.clock.advance(end - 1s - replica.clock.now());
    replica.see_deleted(one);
    CHECK(replica.shows("curfew_revocation_lateness_seconds_bucket{le=\"-1\"} 1"));
  }
  SECTION("late") {
    replica.clock.advance(end + 20ms - replica.clock.now());
    replica.see_deleted(one);
    CHECK(replica.shows("curfew_revocation_lateness_seconds_bucket{le=\"0\"} 0"));
    CHECK(replica.shows("curfew_revocation_lateness_seconds_bucket{le=\"0.05\"} 1"));
  }
}

TEST_CASE("a deletion that fails is counted by the kind of its error") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 0s)));
  replica.api.fail("DELETE", 403, "Forbidden", "no");
  replica.revoker.end(one.metadata.key(), {});
  CHECK(replica.shows("curfew_reconcile_errors_total{kind=\"Forbidden\"} 1"));
  replica.revoker.end(one.metadata.key(), {});
  CHECK(replica.shows("curfew_reconcile_errors_total{kind=\"Forbidden\"} 1"));
}
