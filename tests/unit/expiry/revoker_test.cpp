// How a due binding is ended.
#include <catch2/catch_test_macros.hpp>

#include "revoker_fixture.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using runtime::Outcome;

TEST_CASE("ending deletes the binding with its uid and waits for the watch to say so") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 0s)));
  const auto outcome = replica.revoker.end(one.metadata.key(), {});
  CHECK(replica.api.calls() == Names{"DELETE " + path_of(one)});
  CHECK(replica.api.last_body()["preconditions"]["uid"] == one.metadata.uid);
  CHECK(replica.api.last_body()["propagationPolicy"] == "Background");
  CHECK(outcome.kind == Outcome::Kind::Done);
  CHECK(outcome.after == 1s);  // retried unless the watch reports the deletion earlier

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
  const auto again = replica.revoker.end(one.metadata.key(), {});  // 404: the watch has not confirmed it yet
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
  CHECK(replica.client.contact().in_contact());  // a timeout of less than a second is not lost contact
  REQUIRE(replica.revoker.patient_queue().try_get() == one.metadata.key());

  CHECK(replica.revoker.end_without_hurry(one.metadata.key(), {}).after == 0s);
  CHECK(replica.is_there(one));
  CHECK_FALSE(replica.client.contact().in_contact());
  replica.revoker.end_without_hurry(one.metadata.key(), {});
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE("with more patience, too, only what is due is ended") {
  Replica replica;
  const auto one = replica.add(binding(in(replica, 60s)));
  replica.revoker.end_without_hurry(one.metadata.key(), {});
  CHECK(replica.api.calls().empty());
}

TEST_CASE("a binding that a finalizer holds loses finalizers and subjects") {
  Replica replica;
  auto held = binding(in(replica, 0s));
  held.metadata.finalizers = {"example.com/hold"};
  held = replica.add(held);
  replica.revoker.end(held.metadata.key(), {});
  REQUIRE(replica.is_there(held));  // 200, but the binding still grants

  replica.see_again(held);
  CHECK(replica.due() == Names{held.metadata.name});
  replica.api.forget_calls();
  const auto outcome = replica.revoker.end(held.metadata.key(), {});
  CHECK(replica.api.calls() == Names{"PATCH " + path_of(held)});
  CHECK(replica.api.last_body() ==
        FakeApi::Json{{"metadata", {{"uid", held.metadata.uid}, {"finalizers", nullptr}}},
                      {"subjects", nullptr}});
  CHECK_FALSE(replica.is_there(held));
  CHECK(outcome.kind == Outcome::Kind::RetryRateLimited);  // until the binding is gone
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
  CHECK(replica.api.last_body() ==
        FakeApi::Json{{"metadata", {{"uid", held.metadata.uid}, {"finalizers", nullptr}}}});
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

TEST_CASE("a binding that takes the name of one that was due has its own end, however near it is") {
  Replica replica;
  const auto old = replica.add(binding(in(replica, 0s)));
  CHECK(replica.due() == Names{old.metadata.name});
  replica.revoker.end(old.metadata.key(), {});
  replica.see_deleted(old);
  auto fresh = binding(in(replica, 5s));
  fresh.metadata.uid = "the-new-one";
  fresh = replica.add(fresh);
  replica.clock.advance(1s);
  CHECK(replica.revoker.end(old.metadata.key(), {}).kind ==
        Outcome::Kind::Done);  // the look after a deletion
  CHECK(replica.is_there(fresh));
  CHECK(replica.due().empty());
  replica.clock.advance(4s);
  CHECK(replica.due() == Names{fresh.metadata.name});
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
    REQUIRE(replica.revoker.end(*key, {}).kind ==
            (i < kTries / 2 ? Outcome::Kind::RetryAfter : Outcome::Kind::RetryRateLimited));
    queue.add_rate_limited(*key);  // as a worker does, or earlier
    queue.done(*key);
    REQUIRE(replica.is_there(one));
    replica.clock.advance(1s);
  }
  const auto key = queue.try_get();
  REQUIRE(key);
  CHECK(replica.revoker.end(*key, {}).kind == Outcome::Kind::Done);
  CHECK_FALSE(replica.is_there(one));
}

TEST_CASE(
    "a binding taken while leading and handled after leadership was lost is ended two seconds late, not lost") {
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
  REQUIRE_FALSE(replica.due().empty());  // its deletion is in progress
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
