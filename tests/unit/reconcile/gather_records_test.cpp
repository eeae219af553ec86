#include <string>
#include <vector>

#include "api/names.hpp"
#include "core/decide/decide.hpp"
#include "reconcile/decoders.hpp"
#include "unit/reconcile/gather_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

// What the records tell of a request, and what of its status is believed.

TEST_CASE("what Curfew has seen of a request is what it wrote, or what was there when its term began") {
  GatherFixture f;
  auto seen = request_in(Phase::Pending);
  seen.status.observed_decisions = 2;
  deliver(f.stores.requests, seen);
  CHECK_FALSE((**f.gather()).observed_decisions);
  f.begin_term();
  CHECK_FALSE((**f.gather()).observed_decisions);  // its first sight waited, for the guard or for its policy
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, seen);
  f.begin_term();
  CHECK((**f.gather()).observed_decisions == 2);
  f.notes.forget(kUid, f.clock.now());
  CHECK_FALSE((**f.gather()).observed_decisions);
}

TEST_CASE("what a status claims that Curfew has seen counts if the guard has been in force since then") {
  GatherFixture f;
  auto seen = request_in(GENERATE(Phase::Pending, Phase::Active));
  seen.status.observed_decisions = 2;
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, seen);
  f.begin_term();
  const auto observed = [&](const core::GuardState& guard) {
    return (**f.gatherer.gather(f.key, guard, {})).observed_decisions;
  };
  const core::GuardState away{.in_force = false, .since = f.clock.now() - 1h, .difference = "away"};
  const core::GuardState continued{.in_force = true, .since = f.clock.now() - 1h, .difference = {}};
  const core::GuardState restored{.in_force = true, .since = f.clock.now() + 1s, .difference = {}};
  CHECK(observed(away) == 2);
  SECTION("interrupted since then: only of access that was there") {
    const auto expected = seen.status.phase == Phase::Active ? std::optional(2) : std::nullopt;
    CHECK(observed(restored) == expected);
    CHECK(observed(continued) == expected);
  }
  SECTION("interrupted later, when this replica watched") {
    CHECK(observed(continued) == 2);
    CHECK(observed(restored) == 2);
  }
}

TEST_CASE("decisions that nobody saw come under the guard are remembered as such") {
  GatherFixture f;
  auto seen = request_in(Phase::Active);
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  seen.status.observed_decisions = 1;
  seen.decisions = {{.verdict = api::Verdict::Approve, .person = {}, .comment = {}}};
  deliver(f.stores.requests, seen);
  f.begin_term();
  CHECK((**f.gather()).unwatched_decisions == 0);
  seen.decisions.push_back({.verdict = api::Verdict::Revoke, .person = {}, .comment = {}});
  SECTION("before this term") {
    deliver(f.stores.requests, seen);
    f.begin_term();
  }
  SECTION("while the guard is away") {
    deliver(f.stores.requests, seen);
    CHECK((**f.gatherer.gather(f.key, {.in_force = false, .since = {}, .difference = "away"}, {}))
              .unwatched_decisions == 2);
  }
  CHECK((**f.gather()).unwatched_decisions == 2);
  CHECK((**f.gather()).observed_decisions == 1);
  f.notes.forget(kUid, f.clock.now());
  CHECK((**f.gather()).unwatched_decisions == 0);
}

TEST_CASE("decisions that come under the guard are not remembered as unwatched") {
  GatherFixture f;
  auto seen = request_in(Phase::Active);
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, seen);
  f.begin_term();
  seen.decisions = {{.verdict = api::Verdict::Revoke, .person = {}, .comment = {}}};
  deliver(f.stores.requests, seen);
  CHECK((**f.gather()).unwatched_decisions == 0);
}

TEST_CASE("the end of a request that was seen waiting has a record") {
  GatherFixture f;
  auto asked = request_in(Phase::Denied);
  deliver(f.stores.requests, asked);
  SECTION("seen: it is looked for") {
    f.notes.remember_observed(kUid, 0);
    SECTION("and is not there") {
      CHECK((**f.gather()).is_end_unrecorded);
    }
    SECTION("and is there") {
      f.api.put(record(api::AuditAction::Denied));
      CHECK_FALSE((**f.gather()).is_end_unrecorded);
    }
  }
  SECTION("not seen: without a call") {
    CHECK_FALSE((**f.gather()).is_end_unrecorded);
    CHECK(f.api.calls().empty());
  }
}

TEST_CASE("an announced end counts if Curfew announced it") {
  GatherFixture f;
  auto asked = request_in(GENERATE(Phase::Pending, Phase::Active));
  const std::string reason = GENERATE("BindingChanged", "StatusChanged", "DurationTooLong");
  const bool is_tampering = reason != "DurationTooLong";
  asked.status.ending =
      api::StatusEnding{.reason = reason, .message = "bob did that", .actor = "", .time = f.clock.now()};
  const auto put_record = [&] {
    auto told = record(api::AuditAction::Tampered);
    told.metadata.name = core::record_of_announced(asked);
    f.api.put(told);
  };
  const auto is_believed = [&] {
    const auto input = f.gather();
    REQUIRE(input);
    CHECK((*input)->request->status.ending.has_value() != (*input)->is_ending_false);
    return !(*input)->is_ending_false;
  };
  SECTION("in this term, by this replica") {
    f.begin_term();
    f.clock.advance(1min);
    deliver(f.stores.requests, asked);
    f.notes.remember_announced(kUid, *asked.status.ending);
    CHECK(is_believed());
  }
  SECTION("in this term, by somebody else") {
    f.begin_term();
    f.clock.advance(1min);
    asked.status.ending->time = GENERATE_REF(f.clock.now(), f.clock.now() - 2min);
    deliver(f.stores.requests, asked);
    put_record();
    CHECK_FALSE(is_believed());
  }
  SECTION("before this term, by the former leader") {
    const bool is_late = GENERATE(true, false);  // for the list of the new one
    if (is_late) f.begin_term();
    deliver(f.stores.requests, asked);
    if (!is_late) f.begin_term();
    put_record();
    CHECK(is_believed());
    f.clock.advance(1min);
    CHECK(is_believed());
  }
  SECTION("before this term, without its record") {
    deliver(f.stores.requests, asked);
    f.begin_term();
    CHECK(is_believed() == !is_tampering);
  }
}

TEST_CASE("a request that has a record of its own does not share that of a flood") {
  GatherFixture f;
  for (const char* name : {"a", "b"})  // as many as may wait
    f.floods.judge(request(name, "3f2c9a4e-0000-4000-8000-00000000000" + std::string(name)), false, true);
  deliver(f.stores.requests, request());
  deliver(f.stores.policies, policy_with({}));
  f.begin_term();
  const bool is_recorded = GENERATE(true, false);
  if (is_recorded) f.api.put(record(api::AuditAction::Requested));
  CHECK((**f.gather()).flood.has_value() == !is_recorded);
  CHECK(f.notes.of(kUid).is_recorded == is_recorded);
}

TEST_CASE("of a request without a policy that has a record of its own, the end has one, too") {
  GatherFixture f;
  auto asked = request();
  asked.decisions = {{.verdict = api::Verdict::Deny, .person = {}, .comment = {}}};
  deliver(f.stores.requests, asked);
  f.notes.remember_recorded(kUid);
  for (int i = 0; i < 10; ++i) f.floods.without_policy(request("x", kOtherUid + std::to_string(i)));
  CHECK_FALSE((**f.gather()).without_policy);
}

TEST_CASE("what a crash kept from the status is read from the records of the decisions") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  asked.metadata.creation_timestamp = f.clock.now() - 2h;
  const auto say = [&](api::Verdict verdict, const char* who) {
    asked.decisions.push_back({.verdict = verdict, .person = {.username = who, .groups = {}}, .comment = {}});
  };
  say(api::Verdict::Approve, "bob");
  say(api::Verdict::Approve, "carol");
  say(api::Verdict::Revoke, "bob");
  say(api::Verdict::Approve, "dave");
  const auto put = [&](api::AuditAction action, int index) {
    auto told = record(action);
    told.metadata.name = api::record_name(kUid, action, index);
    f.api.put(told);
  };
  put(api::AuditAction::Approved, 0);
  put(api::AuditAction::Approved, 1);
  put(api::AuditAction::ApprovalWithdrawn, 2);
  auto policy = policy_with({{"approval", {{"required", 1}, {"timeout", "1h"}}}});
  SECTION("past the deadline") {
    deliver(f.stores.policies, policy);
    deliver(f.stores.requests, asked);
    const auto input = f.gather();
    CHECK((*input)->recorded_decisions == 3);
    CHECK((*input)->recorded_approvers == std::vector<std::string>{"carol"});
  }
  SECTION("for a binding that no record tells of") {
    deliver(f.stores.requests, asked);
    deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
    CHECK((**f.gather()).recorded_approvers == std::vector<std::string>{"carol"});
  }
  SECTION("not otherwise") {
    asked.metadata.creation_timestamp = f.clock.now();
    deliver(f.stores.policies, policy);
    deliver(f.stores.requests, asked);
    CHECK((**f.gather()).recorded_decisions == 0);
    CHECK(f.api.calls().empty());
  }
}

TEST_CASE("the store keeps of a binding whom it names as approvers") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  deliver(f.stores.requests, asked);
  auto made = binding("2026-11-24T21:00:00Z");
  made.metadata.annotations["curfew.dev/approved-by"] = "[]";
  deliver(f.stores.bindings, *reconcile::decode_binding(api::encode(made)));
  const auto input = f.gather();
  REQUIRE((*input)->is_unrecorded);
  CHECK((*input)->binding->metadata.annotations.at("curfew.dev/approved-by") == "[]");
}

TEST_CASE("a request that has ended does not begin anew because somebody changed its status") {
  GatherFixture f;
  f.begin_term();
  f.notes.know_all_records();
  f.clock.advance(1h);
  auto asked = request();
  asked.metadata.creation_timestamp = f.clock.now();
  runtime::WorkQueue<reconcile::Key> queue{f.clock};
  reconcile::Triggers triggers(queue, f.stores, f.notes, f.departed, f.extensions, f.clock,
                               [] { return true; });
  const auto appear = [&] { triggers.changed(nullptr, deliver(f.stores.requests, asked)); };
  const std::string end = "GET " + std::string(kRecordsPath) + "/" + kUid + "-ended";

  SECTION("a new one costs no call") {
    appear();
    CHECK_FALSE((*f.gather())->end_record);
    CHECK(f.api.calls().empty());
  }
  SECTION("one that this replica has completed") {
    f.notes.forget(kUid, f.clock.now());
    f.clock.advance(5s);
    f.api.put(record(AuditAction::Revoked));
    appear();
    const auto input = f.gather();
    CHECK((*input)->end_record);
    CHECK((*input)->is_revived);
    CHECK(f.api.calls() == Calls{end});
  }
  SECTION("one that ended long ago") {
    f.clock.advance(10min);
    f.api.put(record(AuditAction::Revoked));
    appear();
    CHECK((*f.gather())->end_record);
  }
  SECTION("one that the watch reports late is looked up once") {
    f.clock.advance(10min);
    appear();
    CHECK_FALSE((*f.gather())->end_record);
    CHECK_FALSE((*f.gather())->end_record);
    CHECK(f.api.calls() == Calls{end});
  }
  SECTION("one from before the term that was over then") {
    asked.metadata.creation_timestamp = f.notes.term_began();
    f.api.put(record(AuditAction::Revoked));
    appear();
    CHECK((*f.gather())->end_record);
  }
}

TEST_CASE("of ended access whose status somebody emptied, the records tell that it is to be reviewed") {
  GatherFixture f;
  f.begin_term();
  deliver(f.stores.requests, request());
  auto granted = record(AuditAction::Granted);
  granted.granted_at = f.clock.now();
  granted.review = api::ReviewTerms{.required = 1, .reviewers = {}, .within = "72h"};
  f.api.put(granted);
  auto end = record(AuditAction::Revoked);
  end.granted_at = granted.granted_at;
  f.notes.remember_end(end);  // as the sweep of the records does
  const auto input = **f.gather();
  CHECK(input.is_revived);
  REQUIRE(input.granted_record);
  CHECK(input.granted_record->review == granted.review);
}

TEST_CASE("the records of a review are looked up once a term") {
  GatherFixture f;
  f.begin_term();
  auto waits = request_in(Phase::Expired);
  waits.status.complete = false;
  waits.status.review = api::ReviewTerms{.required = 2, .reviewers = {}, .within = "72h"};
  waits.status.review->due_at = f.clock.now();
  waits.reviews.push_back(
      {.verdict = api::ReviewVerdict::Disputed, .person = {.username = "erin"}, .comment = {}});
  deliver(f.stores.requests, waits);
  auto granted = record(AuditAction::Granted);
  granted.granted_at = f.clock.now();
  granted.review = waits.status.review;
  f.notes.remember_granted(granted);
  auto end = record(AuditAction::Expired);
  end.granted_at = granted.granted_at;
  f.notes.remember_end(end);
  auto reviewed = record(AuditAction::Reviewed);
  reviewed.metadata.name += "-0";
  f.api.put(reviewed);
  CHECK((**f.gather()).review_records == std::vector{reviewed.metadata.name});
  f.api.forget_calls();
  CHECK((**f.gather()).review_records == std::vector{reviewed.metadata.name});
  CHECK(f.api.calls() == Calls{});
}
