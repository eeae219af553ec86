#include "api/meta.hpp"

#include <catch2/catch_test_macros.hpp>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/text.hpp"

using namespace curfew;
using namespace std::chrono_literals;

TEST_CASE("a condition's transition time moves only when its status does") {
  std::vector<api::Condition> conditions;
  const TimePoint start{};
  api::set_condition(conditions, {.type = "Granted",
                                  .status = "False",
                                  .reason = "Waiting",
                                  .message = "a",
                                  .last_transition_time = start});
  api::set_condition(conditions, {.type = "Granted",
                                  .status = "False",
                                  .reason = "Other",
                                  .message = "b",
                                  .last_transition_time = start + 1s});
  REQUIRE(conditions.size() == 1);
  CHECK(conditions[0].reason == "Other");
  CHECK(conditions[0].last_transition_time == start);
  api::set_condition(
      conditions,
      {.type = "Granted", .status = "True", .reason = "Made", .last_transition_time = start + 2s});
  CHECK(conditions[0].last_transition_time == start + 2s);
  CHECK(api::find_condition(conditions, "Granted") == &conditions[0]);
  CHECK(api::find_condition(conditions, "Approved") == nullptr);
}

TEST_CASE("a text is cut between characters and says that it was") {
  CHECK(api::cut("short", 5) == "short");
  CHECK(api::cut("longer text", 8) == "longe...");
  CHECK(api::cut("ab\xF0\x9F\x98\x80 and more", 8) == "ab...");  // an emoji takes four bytes
  CHECK(api::cut("\xC3\xA9\xC3\xA9", 3).size() <= 3);
}

TEST_CASE("a record's name comes from the request's own state") {
  CHECK(api::record_name("u-1", api::AuditAction::Granted) == "u-1-granted");
  CHECK(api::record_name("u-1", api::AuditAction::PolicyViolation, 3) == "u-1-policyviolation-3");
}

TEST_CASE("all ends have one name, so that a request has one") {
  using api::AuditAction;
  for (const AuditAction end : {AuditAction::Denied, AuditAction::Expired, AuditAction::Revoked,
                                AuditAction::Withdrawn, AuditAction::TimedOut, AuditAction::Rejected}) {
    CHECK(api::is_end(end));
    CHECK(api::record_name("u-1", end) == "u-1-ended");
  }
  for (const AuditAction step : {AuditAction::Requested, AuditAction::Approved, AuditAction::Granted,
                                 AuditAction::Shortened, AuditAction::Tampered}) {
    CHECK_FALSE(api::is_end(step));
  }
}

TEST_CASE("exactly the phases that wait or grant are not terminal") {
  using api::Phase;
  for (const Phase phase : {Phase::Pending, Phase::Scheduled, Phase::Active})
    CHECK_FALSE(api::is_terminal(phase));
  for (const Phase phase :
       {Phase::Denied, Phase::Rejected, Phase::TimedOut, Phase::Withdrawn, Phase::Expired, Phase::Revoked})
    CHECK(api::is_terminal(phase));
}
