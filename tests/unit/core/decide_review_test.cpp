#include <algorithm>
#include <catch2/generators/catch_generators_range.hpp>

#include "core/check/check.hpp"
#include "core_test.hpp"

// The review of access after its end.

namespace {

api::AccessPolicySpec::Review a_review() {
  return {.required = 1, .reviewers = {group("auditors")}, .within = "72h", .block_while_overdue = false};
}

// Access of alice's that bob has approved, under a policy that requires so many reviews.
World reviewed_world(int required = 1) {
  World w = approved_after_ten_seconds();
  w.s.policy->spec.review = a_review();
  w.s.policy->spec.review->required = required;
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  return w;
}

World ended_world(int required = 1) {
  World w = reviewed_world(required);
  w.s.at(*w.status().expires_at);
  w.settle();
  REQUIRE(w.phase() == Phase::Expired);
  return w;
}

api::Person auditor(const std::string& name) {
  return {.username = name, .groups = {"auditors"}};
}

void review(World& w, const api::Person& person, api::ReviewVerdict verdict = api::ReviewVerdict::Justified,
            const std::string& comment = "") {
  w.s.request.reviews.push_back({.verdict = verdict, .person = person, .comment = comment});
}

}  // namespace

TEST_CASE("access that is to be reviewed says so from its grant on, and waits for it after its end") {
  World w = reviewed_world();
  REQUIRE(w.status().review);
  CHECK_FALSE(w.status().review->due_at);
  CHECK(w.record(AuditAction::Granted).review->reviewers == std::vector{group("auditors")});
  const TimePoint end = *w.status().expires_at;
  w.s.at(end);
  w.settle();
  CHECK(w.phase() == Phase::Expired);
  CHECK_FALSE(w.status().complete);
  CHECK(w.condition("Reviewed") == "False ReviewPending");
  CHECK(w.status().review->due_at == end + 72h);
  CHECK(w.status().message == "access ended at " + format_rfc3339(end) +
                                  ": its time was up; waiting for a review by Group auditors until " +
                                  format_rfc3339(end + 72h));
  CHECK(w.record(AuditAction::Expired).time < w.record(AuditAction::ReviewRequested).time);
  CHECK(decide(w.s.input()).next == NextLook::at(end + 72h));
}

TEST_CASE("access without a review is complete at its end") {
  World w = approved_after_ten_seconds();
  w.settle();
  w.s.at(*w.status().expires_at);
  w.settle();
  CHECK(w.status().complete);
  CHECK_FALSE(w.has(AuditAction::ReviewRequested));
}

TEST_CASE("a request that was never granted is not reviewed") {
  World w = approved_after_ten_seconds();
  w.s.policy->spec.review = a_review();
  w.s.request.decisions = {deny(sre("bob"))};
  w.settle();
  CHECK(w.phase() == Phase::Denied);
  CHECK(w.status().complete);
  CHECK_FALSE(w.has(AuditAction::ReviewRequested));
}

TEST_CASE("a review completes the request, with the reviewer's words on record") {
  World w = ended_world();
  SECTION("justified") {
    review(w, auditor("dora"), api::ReviewVerdict::Justified, "INC-1");
    w.settle();
    CHECK(w.condition("Reviewed") == "True Justified");
    CHECK(w.record(AuditAction::Reviewed).message == "dora found this access justified: INC-1");
    CHECK(w.record(AuditAction::Reviewed).verdict == api::ReviewVerdict::Justified);
  }
  SECTION("disputed") {
    review(w, auditor("dora"), api::ReviewVerdict::Disputed);
    w.settle();
    CHECK(w.condition("Reviewed") == "True Disputed");
    CHECK(w.record(AuditAction::Reviewed).message == "dora disputes this access");
  }
  CHECK(w.record(AuditAction::Reviewed).actor == auditor("dora"));
  CHECK(w.status().complete);
  CHECK(w.phase() == Phase::Expired);
  CHECK(w.status().message == "access ended at " + format_rfc3339(*w.status().expires_at) +
                                  ": its time was up; " + w.record(AuditAction::Reviewed).message);
}

TEST_CASE("access that was revoked is reviewed as well") {
  World w = reviewed_world();
  w.s.by(revoke(person("alice")));
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK_FALSE(w.status().complete);
  review(w, auditor("dora"));
  w.settle();
  CHECK(w.status().complete);
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.status().message == "alice revoked; dora found this access justified");
}

TEST_CASE("of two reviews that are required, one dispute is what is said") {
  World w = ended_world(2);
  review(w, auditor("dora"), api::ReviewVerdict::Disputed);
  w.settle();
  CHECK_FALSE(w.status().complete);
  CHECK(w.condition("Reviewed") == "False ReviewPending");
  review(w, auditor("erin"));
  w.settle();
  CHECK(w.status().complete);
  CHECK(w.condition("Reviewed") == "True Disputed");
}

TEST_CASE("who asked, had the access, or approved it does not review it") {
  World w = ended_world();
  const auto [who, why] = GENERATE(table<api::Person, std::string>(
      {{{.username = "alice", .groups = {"auditors"}},
        "alice asked for this access or had it, and so cannot review it"},
       {{.username = "bob", .groups = {"auditors"}}, "bob approved this access, and so cannot review it"},
       {person("mallory"), "mallory is not a reviewer of this access: Group auditors"}}));
  review(w, who);
  w.settle();
  CHECK_FALSE(w.status().complete);
  CHECK(w.record(AuditAction::PolicyViolation).message == why);
  const std::size_t records = w.records.size();
  w.settle();
  CHECK(w.records.size() == records);
  review(w, auditor("dora"));
  w.settle();
  CHECK(w.status().complete);
}

TEST_CASE("one person counts once") {
  World w = ended_world(2);
  review(w, auditor("dora"));
  review(w, auditor("dora"));
  w.settle();
  CHECK_FALSE(w.status().complete);
}

TEST_CASE("an overdue review is recorded once, and said again every day") {
  World w = ended_world();
  const TimePoint due = *w.status().review->due_at;
  w.s.at(due);
  w.settle();
  CHECK(w.condition("Reviewed") == "False ReviewOverdue");
  CHECK(w.record(AuditAction::ReviewOverdue).message ==
        "not reviewed by " + format_rfc3339(due) + ": still waiting for a review by Group auditors");
  const auto said = [&] { return std::ranges::count(w.told(), "ReviewOverdue"); };
  CHECK(said() == 1);
  CHECK(decide(w.s.input()).next == NextLook::at(due + 24h));
  w.s.at(due + 24h);
  w.settle();
  CHECK(said() == 2);
  const std::size_t records = w.records.size();
  w.restart();
  w.settle();
  CHECK(said() == 2);
  CHECK(w.records.size() == records);
  review(w, auditor("dora"));
  w.settle();
  CHECK(w.condition("Reviewed") == "True Justified");
}

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

TEST_CASE("what the policy wanted when access was granted counts") {
  World w = reviewed_world();
  w.s.policy->spec.review.reset();
  w.settle();
  w.s.at(*w.status().expires_at);
  w.settle();
  CHECK(w.condition("Reviewed") == "False ReviewPending");
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

TEST_CASE("an overdue review of earlier access keeps more of it back") {
  Situation s;
  s.policy->spec.review = a_review();
  Input input = s.input();
  SECTION("overdue") {
    input.overdue_review = OverdueReview{.request = "payments/fix", .since = kNow - 1h, .blocks_until = {}};
    CHECK(first_denial(grant_checks(), input)->message ==
          "the review of request payments/fix, by which alice had access, is overdue since " +
              format_rfc3339(kNow - 1h) +
              ": AccessPolicy payments-debug gives no more access until it is reviewed");
  }
  SECTION("evaded") {
    input.overdue_review =
        OverdueReview{.request = "payments/fix", .since = kNow - 1h, .blocks_until = kNow + 720h};
    CHECK(first_denial(grant_checks(), input)->message ==
          "request payments/fix, by which alice had access, was deleted before its review, at " +
              format_rfc3339(kNow - 1h) + ": AccessPolicy payments-debug gives no more access until " +
              format_rfc3339(kNow + 720h));
  }
  CHECK(first_denial(grant_checks(), input)->reason == "ReviewOverdue");
}

TEST_CASE("a grant without approval names the approvers whom nobody asked") {
  World w;
  w.s.policy->spec.approval.required = 0;
  w.settle();
  CHECK(w.record(AuditAction::Granted).approvers_skipped == w.s.policy->spec.approval.approvers);
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

TEST_CASE("after one review of two the status says how many are missing") {
  World w = ended_world(2);
  CHECK(w.status().message.str().find("; waiting for 2 reviews by Group auditors until") !=
        std::string::npos);
  review(w, auditor("dora"));
  w.settle();
  CHECK(w.status().message.str().find("; waiting for a review by Group auditors until") != std::string::npos);
  CHECK(w.status().review->reviewed_by == std::vector<std::string>{"dora"});
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
