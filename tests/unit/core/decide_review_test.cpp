#include <algorithm>

#include "core/check/check.hpp"
#include "review_world.hpp"

// The review of access after its end.

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

TEST_CASE("what the policy wanted when access was granted counts") {
  World w = reviewed_world();
  w.s.policy->spec.review.reset();
  w.settle();
  w.s.at(*w.status().expires_at);
  w.settle();
  CHECK(w.condition("Reviewed") == "False ReviewPending");
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

TEST_CASE("after one review of two the status says how many are missing") {
  World w = ended_world(2);
  CHECK(w.status().message.str().find("; waiting for 2 reviews by Group auditors until") !=
        std::string::npos);
  review(w, auditor("dora"));
  w.settle();
  CHECK(w.status().message.str().find("; waiting for a review by Group auditors until") != std::string::npos);
  CHECK(w.status().review->reviewed_by == std::vector<std::string>{"dora"});
}
