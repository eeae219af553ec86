#include "core/decide/explain.hpp"

#include <algorithm>
#include <set>

#include "core/check/check.hpp"
#include "core_test.hpp"

using Outcome = Finding::Outcome;

namespace {

using Names = std::vector<std::string>;

// Of those that concern any request.
Names names_of(std::span<const Check> checks) {
  Names names;
  for (const Check& check : checks)
    if (check.of == Check::Of::AnyRequest) names.emplace_back(check.name);
  return names;
}

Names names_of(const std::vector<Finding>& findings) {
  Names names;
  for (const Finding& finding : findings) names.emplace_back(finding.check);
  return names;
}

Names with(const std::vector<Finding>& findings, Outcome outcome) {
  Names names;
  for (const Finding& finding : findings) {
    if (finding.outcome == outcome) names.emplace_back(finding.check);
  }
  return names;
}

std::string message_of(const std::vector<Finding>& findings, std::string_view check) {
  const auto found = std::ranges::find(findings, check, &Finding::check);
  REQUIRE(found != findings.end());
  return found->message;
}

// A world after the first decision, in which everything is pinned.
World waiting_world() {
  World w;
  w.settle();
  return w;
}

api::Schedule sundays() {
  return {.time_zone = "UTC", .windows = {{{"Sun"}, "00:00", "24:00"}}, .end_at_window_close = false};
}

}  // namespace

TEST_CASE("a request that waits for nothing passes every check, and the next decision grants it") {
  World w = waiting_world();
  w.s.by(approve(sre("bob")));
  const auto findings = explain(w.s.input());
  for (const Finding& finding : findings) {
    CAPTURE(finding.check, finding.message);
    CHECK(finding.outcome == Outcome::Passed);
    CHECK(finding.message.empty());
    CHECK_FALSE(finding.rule.empty());
  }
  w.settle();
  CHECK(w.phase() == api::Phase::Active);
}

TEST_CASE("every check is listed once, in the order in which they are asked, whatever fails") {
  Situation s;
  const auto change = GENERATE(values<void (*)(Situation&)>({
      [](Situation&) {},
      [](Situation& it) { it.policy.reset(); },
      [](Situation& it) { it.request.spec.requester.reset(); },
      [](Situation& it) { it.guard = {.in_force = false, .since = {}, .difference = "it is gone"}; },
      [](Situation& it) { it.policy->spec.suspend = true; },
  }));
  change(s);
  Names expected{"guard-in-force"};
  const auto append = [&](const Names& more) { expected.insert(expected.end(), more.begin(), more.end()); };
  append(names_of(grant_checks()));
  append({"time-left"});
  append(names_of(timing_checks()));
  append(names_of(limit_checks()));
  append({"approvals"});
  const Names found = names_of(explain(s.input()));
  CHECK(found == expected);
  CHECK(std::set(found.begin(), found.end()).size() == found.size());
}

TEST_CASE("without its policy only what needs none is checked") {
  Situation s;
  s.policy.reset();
  const auto findings = explain(s.input());
  CHECK(with(findings, Outcome::Failed) == Names{"policy-exists"});
  CHECK(message_of(findings, "policy-exists") ==
        "spec.policy \"payments-debug\": there is no AccessPolicy of that name");
  CHECK(with(findings, Outcome::Passed) == Names{"guard-in-force", "requester-known",
                                                 "namespace-not-reserved", "start-time-valid", "time-left",
                                                 "start-time-come"});
  CHECK(message_of(findings, "approvals") == "an earlier check failed that this one needs");
  CHECK(message_of(findings, "duration-allowed") == "an earlier check failed that this one needs");
}

TEST_CASE("of a request that nobody is known to have made what needs a requester is not checked") {
  Situation s;
  s.request.spec.requester.reset();
  s.by(approve(sre("bob")));
  const auto findings = explain(s.input());
  CHECK(with(findings, Outcome::Failed) == Names{"requester-known"});
  CHECK(with(findings, Outcome::NotChecked) ==
        Names{"requester-allowed", "subject-allowed", "reviews-not-overdue", "active-limit", "cooldown"});
}

TEST_CASE("of a request that says no role where there are two what needs a role is not checked") {
  Situation s;
  s.policy->spec.roles.push_back(cluster_role("edit"));
  const auto findings = explain(s.input());
  CHECK(with(findings, Outcome::NotChecked) == Names{"role-allowed", "role-exists", "role-unchanged"});
  CHECK(message_of(findings, "role-unambiguous") ==
        "spec.role is missing: AccessPolicy payments-debug offers ClusterRole view, ClusterRole edit");
}

TEST_CASE("all that fails is told, and not only what decides") {
  World w;
  w.s.request.spec.duration = "5h";
  w.s.request.spec.reason.clear();
  w.s.policy->spec.reason.required = true;
  w.s.by(approve(sre("bob")));
  const auto findings = explain(w.s.input());
  CHECK(with(findings, Outcome::Failed) == Names{"duration-allowed", "reason-given"});
  CHECK(message_of(findings, "reason-given") ==
        "spec.reason is missing: AccessPolicy payments-debug requires one, in words");
  w.settle();
  CHECK(w.status().message == message_of(findings, "duration-allowed"));
}

TEST_CASE("missing approvals are told with the figures, and a denial with who denied") {
  World w = waiting_world();
  w.s.policy->spec.approval.required = 2;
  w.s.by(approve(sre("bob")));
  CHECK(with(explain(w.s.input()), Outcome::Failed) == Names{"approvals"});
  CHECK(message_of(explain(w.s.input()), "approvals") == "waiting for 1 more approval (1/2) from Group sre");
  w.s.by(deny(sre("carol"), "not tonight"));
  CHECK(message_of(explain(w.s.input()), "approvals") == "carol denied: not tonight");
}

TEST_CASE("a limit that is reached waits until the access would start, and then fails") {
  World w = waiting_world();
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 1, .cooldown = ""};
  w.s.usage.active = 1;
  CHECK(with(explain(w.s.input()), Outcome::Waits) == Names{"active-limit"});
  CHECK(with(explain(w.s.input()), Outcome::Failed) == Names{"approvals"});
  CHECK(
      message_of(explain(w.s.input()), "active-limit") ==
      "alice has 1 active under AccessPolicy payments-debug, whose limits.activePerRequester is 1: end one first, with the annotation curfew.dev/revoke; this counts when the access would start, and not before");
  w.s.policy->spec.schedule = sundays();
  w.s.by(approve(sre("bob")));
  CHECK(with(explain(w.s.input()), Outcome::Waits) == Names{"active-limit"});
  w.s.policy->spec.schedule.reset();
  CHECK(with(explain(w.s.input()), Outcome::Failed) == Names{"active-limit"});
}

TEST_CASE("outside its schedule a request is told when it opens next") {
  World w = waiting_world();
  w.s.policy->spec.schedule = sundays();
  w.s.by(approve(sre("bob")));
  const auto findings = explain(w.s.input());
  CHECK(with(findings, Outcome::Failed) == Names{"schedule-open"});
  CHECK(
      message_of(findings, "schedule-open") ==
      "outside the schedule of AccessPolicy payments-debug, which opens next at 2026-11-29T00:00:00Z (Sun 00:00 UTC)");
}

TEST_CASE("a start that is to come, and one that has been missed, are two things") {
  World w;
  w.s.policy = a_policy(0);
  w.s.request.spec.start_time = "2026-11-24T21:00:00Z";
  CHECK(with(explain(w.s.input()), Outcome::Failed) == Names{"start-time-come"});
  w.s.at(kNow + 1h + 30min);
  const auto findings = explain(w.s.input());
  CHECK(with(findings, Outcome::Failed) == Names{"time-left"});
  w.settle();
  CHECK(w.phase() == api::Phase::Expired);
  CHECK(w.status().message == message_of(findings, "time-left"));
}

TEST_CASE("a guard that is not in force is told first, with what is wrong about it") {
  Situation s;
  s.guard = {
      .in_force = false, .since = {}, .difference = "ValidatingAdmissionPolicy curfew-identity is gone"};
  const auto findings = explain(s.input());
  CHECK(findings.front() ==
        Finding{.check = "guard-in-force",
                .rule = "the admission policies that establish who asks and who decides are in force",
                .outcome = Outcome::Failed,
                .message = "ValidatingAdmissionPolicy curfew-identity is gone"});
}

TEST_CASE("for an active grant the checks are those that it has to go on fulfilling") {
  World w = waiting_world();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == api::Phase::Active);
  CHECK(names_of(explain(w.s.input())) == names_of(active_checks()));
  CHECK(with(explain(w.s.input()), Outcome::Passed) == names_of(active_checks()));

  w.s.policy->spec.suspend = true;
  w.s.policy->spec.approval.required = 2;  // approvals are not checked after the grant
  const auto findings = explain(w.s.input());
  CHECK(with(findings, Outcome::Failed) == Names{"policy-not-suspended"});
  w.settle();
  CHECK(w.status().message == message_of(findings, "policy-not-suspended"));
}

TEST_CASE("an outcome is a word for people") {
  CHECK(to_string(Outcome::Passed) == "pass");
  CHECK(to_string(Outcome::Failed) == "fail");
  CHECK(to_string(Outcome::Waits) == "waits");
  CHECK(to_string(Outcome::NotChecked) == "not checked");
}
