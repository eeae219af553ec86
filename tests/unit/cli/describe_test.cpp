#include "cli/describe.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace curfew;
using namespace std::chrono_literals;

TEST_CASE("the time that is left is told in the two largest units that follow each other") {
  const TimePoint now{1'800'000'000s};
  CHECK(cli::time_left(now + 59s, now) == "59s left");
  CHECK(cli::time_left(now + 3599s, now) == "59m 59s left");
  CHECK(cli::time_left(now + 2h, now) == "2h left");
  CHECK(cli::time_left(now + 51h + 10s, now) == "2d 3h left");
  CHECK(cli::time_left(now + 24h + 5s, now) == "1d left");
  CHECK(cli::time_left(now + 500ms, now) == "0s left");
  CHECK(cli::time_left(now, now) == "over");
}

TEST_CASE("an age is one unit") {
  const TimePoint now{1'800'000'000s};
  CHECK(cli::age(now - 3700s, now) == "1h");
  CHECK(cli::age(now + 1s, now) == "0s");
}

TEST_CASE("who decides is said by number and by name") {
  api::AccessPolicy policy;
  policy.spec.approval.required = 2;
  policy.spec.approval.approvers = {{.kind = "Group", .name = "sre", .ns = ""}};
  CHECK(cli::deciders(policy) == "2 of Group sre");
  policy.spec.approval.required = 0;
  CHECK(cli::deciders(policy) == "nobody: granted at once");
}

TEST_CASE("who reviews is said by number and by name, and until when") {
  api::AccessPolicy policy;
  CHECK(cli::reviewers(policy) == "-");
  policy.spec.review = api::PolicyReview{
      .required = 2, .reviewers = {{.kind = "Group", .name = "auditors", .ns = ""}}, .within = "24h"};
  CHECK(cli::reviewers(policy) == "2 of Group auditors within 24h");
  policy.spec.review->within = "";
  CHECK(cli::reviewers(policy) == "2 of Group auditors within 72h");
}

TEST_CASE("how long access lasts is said of one grant, and of all its extensions where there may be any") {
  api::AccessPolicy policy;
  policy.spec.max_duration = "2h";
  CHECK(cli::longest(policy) == "2h");
  policy.spec.max_total = "8h";
  CHECK(cli::longest(policy) == "2h, extended to 8h");
}

TEST_CASE("findings are a line each") {
  using Outcome = core::Finding::Outcome;
  const cli::Terminal plain(false, false);
  CHECK(
      cli::lines_of(
          plain, {{.check = "a", .rule = "it is so", .outcome = Outcome::Passed, .message = ""},
                  {.check = "b", .rule = "it fits", .outcome = Outcome::Failed, .message = "spec.x is\n7"},
                  {.check = "w", .rule = "it is few", .outcome = Outcome::Waits, .message = "one is there"},
                  {.check = "c",
                   .rule = "it is seen",
                   .outcome = Outcome::NotChecked,
                   .message = "you may not look"}}) ==
      "  pass  it is so\n  FAIL  it fits: spec.x is?7\n  wait  it is few: one is there\n     ?  it is seen (you may not look)\n");
}

TEST_CASE("where a ClusterAccessRequest gives access is said, of an AccessRequest its name says it") {
  api::AccessRequest request;
  request.metadata.ns = "payments";
  CHECK(cli::place_text(request) == "payments");
  CHECK(cli::scope_beside_name(request).empty());
  request.metadata.ns = "";
  CHECK(cli::place_text(request) == "cluster-wide");
  CHECK(cli::scope_beside_name(request) == " cluster-wide");
  request.spec.namespaces = {"payments", "shop"};
  CHECK(cli::place_text(request) == "payments, shop");
  CHECK(cli::scope_beside_name(request) == " in namespaces payments and shop");
  request.spec.namespaces = {"payments", "shop", "web", "ledger"};
  CHECK(cli::place_text(request) == "payments and 3 more");
}
