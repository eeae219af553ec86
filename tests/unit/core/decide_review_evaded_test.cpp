#include <algorithm>
#include <catch2/generators/catch_generators_range.hpp>

#include "review_world.hpp"

// What somebody does to keep a review away: forged statuses, deletions, crashes in between.

TEST_CASE("a deletion does not evade the review unseen") {
  SECTION("after the end") {
    World w = ended_world();
    w.s.gone = true;
    w.step();
    CHECK(w.record(AuditAction::ReviewEvaded).message ==
          "the request was deleted, so that this access will not be reviewed by Group auditors");
  }
  SECTION("before it") {
    World w = reviewed_world();
    w.s.gone = true;
    w.step();
    w.step();
    CHECK(w.has(AuditAction::Revoked));
    CHECK(w.has(AuditAction::ReviewEvaded));
    CHECK_FALSE(w.has(AuditAction::ReviewRequested));
  }
  SECTION("of a request that somebody's finalizer holds") {
    World w = ended_world();
    w.s.request.metadata.deletion_timestamp = w.s.now;
    w.settle();
    CHECK(w.has(AuditAction::ReviewEvaded));
    CHECK(w.status().complete);
  }
  SECTION("a review that came a moment before counts") {
    World w = ended_world();
    review(w, auditor("dora"));
    w.s.gone = true;
    w.step();
    CHECK(w.has(AuditAction::Reviewed));
    CHECK_FALSE(w.has(AuditAction::ReviewEvaded));
  }
}

TEST_CASE("a status that somebody changed takes no review away") {
  SECTION("before the end") {
    World w = reviewed_world();
    w.s.request.status.review.reset();
    w.s.at(*w.status().expires_at);
    w.settle();
    CHECK_FALSE(w.status().complete);
    CHECK(w.condition("Reviewed") == "False ReviewPending");
  }
  SECTION("after it") {
    World w = ended_world();
    w.s.request.status.review.reset();
    w.settle();
    CHECK_FALSE(w.status().complete);
    CHECK(w.status().review->due_at == *w.status().ended_at + 72h);
  }
  SECTION("its time") {
    World w = ended_world();
    w.s.request.status.review->due_at = w.s.now + 9000h;
    w.settle();
    CHECK(w.status().review->due_at == *w.status().ended_at + 72h);
  }
  SECTION("its reviewers") {
    World w = ended_world();
    w.s.request.status.review->reviewers = {user("mallory")};
    review(w, person("mallory"));
    w.settle();
    CHECK_FALSE(w.status().complete);
  }
  SECTION("complete") {
    World w = ended_world();
    Input input = w.s.input();
    input.is_completion_false = true;
    const Decision decision = decide(input);
    CHECK(std::get<WriteRecord>(decision.actions.front()).record.action == AuditAction::Tampered);
  }
}

TEST_CASE("a review counts if the guard established who wrote it") {
  World w = ended_world();
  w.s.guard.in_force = false;
  review(w, auditor("dora"));
  w.settle();
  CHECK_FALSE(w.status().complete);
  CHECK_FALSE(w.has(AuditAction::Reviewed));
  w.s.guard = {.in_force = true, .since = w.s.now + 1min, .difference = {}};
  w.s.unwatched_reviews = 1;
  w.settle();
  CHECK_FALSE(w.status().complete);
  CHECK(w.record(AuditAction::PolicyViolation).message.starts_with("this was reviewed in the name of dora"));
  review(w, auditor("erin"));
  w.settle();
  CHECK(w.status().complete);
}

TEST_CASE("a crash between any two steps of an end is made good, also of its review") {
  const std::size_t done = GENERATE(range(std::size_t{0}, std::size_t{6}));
  World w = reviewed_world();
  const TimePoint end = *w.status().expires_at;
  w.s.at(end);
  w.step();  // deletes the binding
  w.step(done);
  w.restart();
  w.s.at(end + 5s);
  w.settle();
  CHECK(w.phase() == Phase::Expired);
  CHECK_FALSE(w.status().complete);
  CHECK(w.has(AuditAction::ReviewRequested));
  review(w, auditor("dora"));
  w.settle();
  CHECK(w.status().complete);
  CHECK(w.has(AuditAction::Reviewed));
}

TEST_CASE("a revocation and a deletion at once do not evade the review unseen") {
  World w = reviewed_world();
  w.s.by(revoke(person("alice")));
  w.step();   // deletes the binding
  w.step(1);  // records the end, and comes no further
  REQUIRE(w.has(AuditAction::Revoked));
  REQUIRE_FALSE(w.has(AuditAction::ReviewRequested));
  w.s.end_record = w.record(AuditAction::Revoked);
  w.s.gone = true;
  w.step();
  CHECK(w.has(AuditAction::ReviewEvaded));
}

TEST_CASE("what was said before a deletion that evades the rest of a review is on record") {
  World w = ended_world(2);
  review(w, auditor("dora"), api::ReviewVerdict::Disputed);
  w.s.gone = true;
  w.step();
  CHECK(w.record(AuditAction::Reviewed).verdict == api::ReviewVerdict::Disputed);
  CHECK(w.has(AuditAction::ReviewEvaded));
}

TEST_CASE("what a status claims of a review takes none of it away") {
  World w = ended_world();
  SECTION("that it is evaluated") {
    w.s.request.status.review->observed = 1;
    review(w, auditor("dora"), api::ReviewVerdict::Disputed);
    w.settle();
    CHECK(w.condition("Reviewed") == "True Disputed");
    CHECK(w.has(AuditAction::Reviewed));
  }
  SECTION("that others reviewed it") {
    w.s.request.status.review->reviewed_by = {"erin"};
    w.settle();
    CHECK(w.status().review->reviewed_by.empty());
    CHECK_FALSE(w.status().complete);
  }
  SECTION("when it ended") {
    const TimePoint ended = *w.status().ended_at;
    w.s.request.status.ended_at = ended + 9000h;
    w.settle();
    CHECK(w.status().ended_at == ended);
    CHECK(w.status().review->due_at == ended + 72h);
  }
  SECTION("that its reviewer approved it") {
    w.s.request.status.approved_by.emplace_back("dora");
    w.settle();
    review(w, auditor("dora"));
    w.settle();
    CHECK(w.status().complete);
  }
  SECTION("that it was told to be overdue") {
    w.s.request.status.review->overdue_at = w.s.now + 9000h;
    w.s.at(*w.status().review->due_at);
    w.settle();
    CHECK(w.has(AuditAction::ReviewOverdue));
    CHECK(w.status().review->overdue_at == w.s.now);
  }
  SECTION("nothing at all") {
    w.s.request.status = {};
    w.restart();
    w.s.granted_record = w.record(AuditAction::Granted);
    w.s.is_revived = true;
    w.settle();
    CHECK(w.has(AuditAction::Tampered));
    CHECK_FALSE(w.status().complete);
    CHECK(w.condition("Reviewed") == "False ReviewPending");
  }
}

TEST_CASE("the end in the status is the recorded one, however late it is written") {
  World w = reviewed_world();
  const TimePoint end = *w.status().expires_at;
  w.s.at(end);
  w.step();   // deletes the binding
  w.step(2);  // records the end and that a review is asked for
  const TimePoint due = *w.record(AuditAction::ReviewRequested).review->due_at;
  w.s.end_record = w.record(AuditAction::Expired);
  w.s.at(end + 40s);
  w.settle();
  CHECK(w.status().ended_at == end);
  CHECK(w.status().review->due_at == due);
}

TEST_CASE("a status that claims a review of access that there never was is only completed") {
  World w;
  w.s.policy.reset();
  w.s.request.status.phase = Phase::Expired;
  w.s.request.status.review =
      api::ReviewTerms{.required = GENERATE(-1, 0, 1), .reviewers = {}, .within = "no duration"};
  w.s.request.status.review->due_at = kNow;
  w.settle();
  CHECK(w.status().complete);
  CHECK_FALSE(w.has(AuditAction::ReviewOverdue));
}

TEST_CASE("a forged number of required reviews is none that is met by nobody") {
  World w = ended_world();
  w.s.request.status.review->required = GENERATE(-1, 0);
  w.s.granted_record.reset();
  for (auto& [name, record] : w.records) record.review.reset();
  const Decision decision = decide(w.s.input());
  CHECK(std::ranges::none_of(decision.actions, [](const Action& action) {
    const auto* update = std::get_if<UpdateStatus>(&action);
    return update != nullptr && update->status.complete;
  }));
}
