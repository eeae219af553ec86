#include "unit/reconcile/gather_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

// Requests that left the store: deleted, completed by another replica, or created again under the same name.

TEST_CASE(
    "a departed request that is not there any more is gone, which one GET says, another that its binding is, and a third whether it was granted") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  const auto input = f.gather();
  REQUIRE(input);
  REQUIRE(*input);
  CHECK((*input)->request_is_gone);
  CHECK((*input)->request->metadata.uid == kUid);
  CHECK((*input)->request->status.phase == Phase::Active);
  CHECK((*input)->is_unrecorded);
  CHECK(f.api.calls() == Calls{"GET " + kRequestPath, "GET " + kBindingPath, "GET " + kGrantedPath});
  CHECK(f.departed.first(f.key));  // until its end is recorded
}

TEST_CASE("a departed request that was granted before this replica began is not taken for unrecorded") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
  f.api.put(record(api::AuditAction::Granted));
  const auto input = f.gather();
  REQUIRE(*input);
  CHECK((*input)->request_is_gone);
  CHECK((*input)->granted_record);
  CHECK_FALSE((*input)->is_unrecorded);
}

TEST_CASE("a departed request whose name another one has now is gone") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  const auto newer = f.api.put(request("debug", kOtherUid));
  deliver(f.stores.requests, newer);
  const auto input = f.gather();
  REQUIRE(*input);
  CHECK((*input)->request_is_gone);
  CHECK((*input)->request->metadata.uid == kUid);
}

TEST_CASE("a departed request that came back is live") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  SECTION("in the store: without a call") {
    deliver(f.stores.requests, request_in(Phase::Active));
    deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
    const auto input = f.gather();
    REQUIRE(*input);
    CHECK_FALSE((*input)->request_is_gone);
    CHECK(f.api.calls().empty());
  }
  SECTION("at the API server only: the watch will bring it") {
    f.api.put(request_in(Phase::Active));
    const auto input = f.gather();
    REQUIRE(input);
    CHECK_FALSE(*input);
    CHECK(f.api.calls().size() == 1);
  }
  CHECK_FALSE(f.departed.first(f.key));
}

TEST_CASE("a departed request that another replica completed is over") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  f.api.put(request_in(Phase::Expired));
  const auto input = f.gather();
  REQUIRE(input);
  CHECK_FALSE(*input);
  CHECK_FALSE(f.departed.first(f.key));
}

TEST_CASE("a request that is over by its status only is decided on") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  f.api.put(request_in(Phase::Expired));
  if (GENERATE(true, false))
    f.notes.remember_granted(record(api::AuditAction::Granted));
  else
    f.notes.remember_observed(kUid, 0);  // seen waiting
  SECTION("no record says how it ended") {
    const auto input = f.gather();
    REQUIRE(*input);
    CHECK((*input)->is_end_unrecorded);
    CHECK(f.departed.first(f.key));
  }
  SECTION("one does") {
    f.api.put(record(api::AuditAction::Expired));
    CHECK_FALSE(*f.gather());
    CHECK_FALSE(f.departed.first(f.key));
    CHECK_FALSE(f.notes.of(kUid).granted);
    CHECK_FALSE(f.notes.of(kUid).observed_decisions);
  }
  SECTION("nobody knows") {
    f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
    CHECK_FALSE(f.gather());
    CHECK(f.departed.first(f.key));
  }
}

TEST_CASE("a request that another replica completed is decided on while its binding is still there") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  f.api.put(request_in(Phase::Expired));
  const auto left = deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
  const auto input = f.gather();
  REQUIRE(*input);
  CHECK_FALSE((*input)->request_is_gone);
  CHECK((*input)->request->status.phase == Phase::Expired);
  CHECK((*input)->binding == left);
  CHECK(f.departed.first(f.key));  // its deletion may fail
  take_away(f.stores.bindings, left->metadata.key());
  CHECK_FALSE(*f.gather());
  CHECK_FALSE(f.departed.first(f.key));
}

TEST_CASE("trouble in asking for a departed request decides nothing") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
  const auto input = f.gather();
  REQUIRE_FALSE(input);
  CHECK(input.error().kind == ErrorKind::Unavailable);
  CHECK(f.departed.first(f.key));
}

TEST_CASE("departed requests of one name are decided on one after the other") {
  GatherFixture f;
  f.depart(request_in(Phase::Active));
  f.depart(request_in(Phase::Active, "debug", kOtherUid));
  CHECK((**f.gather()).request->metadata.uid == kUid);
  f.departed.remove(f.key, kUid);
  CHECK((**f.gather()).request->metadata.uid == kOtherUid);
  f.departed.remove(f.key, kOtherUid);
  CHECK_FALSE(*f.gather());
}

TEST_CASE("a request that somebody said is complete, and nobody has reviewed, is not") {
  GatherFixture f;
  auto waits = request_in(Phase::Expired);
  waits.status.complete = false;
  waits.status.review = api::ReviewTerms{.required = 1, .reviewers = {}, .within = "72h"};
  waits.status.review->due_at = f.clock.now();
  f.depart(waits);
  auto stored = request_in(Phase::Expired);
  f.api.put(record(api::AuditAction::Granted));
  f.api.put(record(api::AuditAction::Expired));
  SECTION("without a review") {
    f.api.put(stored);
    const auto input = f.gather();
    REQUIRE(*input);
    CHECK((*input)->is_completion_false);
    CHECK((*input)->request->status == waits.status);
  }
  SECTION("with one that is recorded, by another replica") {
    stored.reviews.push_back(
        {.verdict = api::ReviewVerdict::Justified, .person = {.username = "erin"}, .comment = {}});
    f.api.put(stored);
    auto reviewed = record(api::AuditAction::Reviewed);
    reviewed.metadata.name = api::record_name(kUid, api::AuditAction::Reviewed, 0);
    f.api.put(reviewed);
    const auto input = f.gather();
    REQUIRE(input);
    CHECK_FALSE(*input);
  }
}
