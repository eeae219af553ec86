#include "limits/overdue_reviews.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using api::AuditAction;

namespace {

const api::Subject kAlice{.kind = "User", .name = "alice", .ns = {}};

struct Reviews {
  FakeApi api;
  kube::Client client{api};
  const TimePoint now = floor_to_second(ManualClock().now());

  void write(AuditAction action, TimePoint time, std::optional<TimePoint> due = {},
             const std::string& uid = kUid, const std::string& subject = "alice") {
    api::AuditRecord made = record(action, "debug", uid);
    made.time = time;
    made.subject = api::Subject{.kind = "User", .name = subject, .ns = {}};
    if (due)
      made.review = api::ReviewTerms{.reviewers = {}, .within = "72h", .due_at = due, .overdue_at = {}};
    api.put(made);
  }
  std::optional<core::OverdueReview> find() {
    auto found = limits::find_overdue_review(client, kAlice, "payments-debug", now, {});
    REQUIRE(found);
    return *found;
  }
};

}  // namespace

TEST_CASE("a review is overdue once its time is over, until it is made") {
  Reviews r;
  CHECK_FALSE(r.find());
  r.write(AuditAction::ReviewRequested, r.now - 2h, r.now);
  REQUIRE(r.find());
  CHECK(r.find()->request == "payments/debug");
  CHECK(r.find()->since == r.now);
  CHECK_FALSE(r.find()->blocks_until);
  r.write(AuditAction::Reviewed, r.now - 1h);
  CHECK_FALSE(r.find());
}

TEST_CASE("a review that is not due yet, and other people's, are not overdue") {
  Reviews r;
  r.write(AuditAction::ReviewRequested, r.now - 2h, r.now + 1s);
  r.write(AuditAction::ReviewRequested, r.now - 2h, r.now - 1h, kOtherUid, "bob");
  CHECK_FALSE(r.find());
}

TEST_CASE("a review that a deletion evaded counts for thirty days") {
  Reviews r;
  SECTION("young") {
    r.write(AuditAction::ReviewEvaded, r.now - 719h);
    REQUIRE(r.find());
    CHECK(r.find()->since == r.now - 719h);
    CHECK(r.find()->blocks_until == r.now + 1h);
  }
  SECTION("old") {
    r.write(AuditAction::ReviewEvaded, r.now - 720h);
    CHECK_FALSE(r.find());
  }
  SECTION("of one that had been asked for and was overdue") {
    r.write(AuditAction::ReviewRequested, r.now - 1000h, r.now - 900h);
    r.write(AuditAction::ReviewEvaded, r.now - 720h);
    CHECK_FALSE(r.find());
  }
}

TEST_CASE("what cannot be read is not taken for reviewed") {
  Reviews r;
  r.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
  CHECK_FALSE(limits::find_overdue_review(r.client, kAlice, "payments-debug", r.now, {}));
}
