#include "core/decide/explain.hpp"

#include "core/check/check.hpp"
#include "core/check/timing.hpp"
#include "core/decide/phases.hpp"
#include "core/decide/tally.hpp"

namespace curfew::core {
namespace {

using Outcome = Finding::Outcome;

Finding finding_of(const Check& check, const Input& input) {
  Finding finding{.check = check.name, .rule = check.rule, .outcome = Outcome::Passed, .message = {}};
  if (!can_run(check, input)) {
    finding.outcome = Outcome::NotChecked;
    finding.message = "an earlier check failed that this one needs";
    return finding;
  }
  if (auto denial = check.run(input)) {
    finding.outcome = Outcome::Failed;
    finding.message = std::move(denial->message);
  }
  return finding;
}

void add(std::vector<Finding>& findings, std::span<const Check> checks, const Input& input) {
  for (const Check& check : checks)
    if (concerns(check, *input.request)) findings.push_back(finding_of(check, input));
}

// Limits count when the access would start. Before that, one that is reached refuses nothing.
void add_limits(std::vector<Finding>& findings, const Input& input) {
  const bool is_due = tally_in_time(input).quorum() && !first_denial(timing_checks(), input);
  for (const Check& check : limit_checks()) {
    Finding finding = finding_of(check, input);
    if (!is_due && finding.outcome == Outcome::Failed) {
      finding.outcome = Outcome::Waits;
      finding.message += "; this counts when the access would start, and not before";
    }
    findings.push_back(std::move(finding));
  }
}

Finding guard_finding(const Input& input) {
  Finding finding{.check = "guard-in-force",
                  .rule = "the admission policies that establish who asks and who decides are in force",
                  .outcome = Outcome::Passed,
                  .message = {}};
  if (input.guard.in_force) return finding;
  finding.outcome = Outcome::Failed;
  finding.message = input.guard.difference;
  return finding;
}

Finding time_left_finding(const Input& input) {
  Finding finding{.check = "time-left",
                  .rule = "the time that was asked for has not passed",
                  .outcome = Outcome::Passed,
                  .message = {}};
  const auto last = requested_end(input);
  if (!last || input.now < *last) return finding;
  finding.outcome = Outcome::Failed;
  finding.message = describe_missed_time(input);
  return finding;
}

Finding approvals_finding(const Input& input) {
  Finding finding{.check = "approvals",
                  .rule = "as many people have approved as the policy requires",
                  .outcome = Outcome::Passed,
                  .message = {}};
  const Tally counted = tally_in_time(input);
  if (!counted.policy_known) {
    finding.outcome = Outcome::NotChecked;
    finding.message = "an earlier check failed that this one needs";
  } else if (counted.ending) {
    finding.outcome = Outcome::Failed;
    finding.message = ending_by(input.request->decisions[*counted.ending], api::Phase::Denied).message;
  } else if (!counted.quorum()) {
    finding.outcome = Outcome::Failed;
    finding.message = describe_missing_approvals(input, counted);
  }
  return finding;
}

}  // namespace

std::string_view to_string(Finding::Outcome outcome) {
  switch (outcome) {
    case Outcome::Passed: return "pass";
    case Outcome::Failed: return "fail";
    case Outcome::Waits: return "waits";
    case Outcome::NotChecked: return "not checked";
  }
  return "";
}

std::vector<Finding> explain(const Input& input) {
  std::vector<Finding> findings;
  if (input.request->status.phase == api::Phase::Active) {
    add(findings, active_checks(), input);
    return findings;
  }
  findings.push_back(guard_finding(input));
  add(findings, grant_checks(), input);
  add(findings, extension_checks(), input);
  findings.push_back(time_left_finding(input));
  add(findings, timing_checks(), input);
  add_limits(findings, input);
  findings.push_back(approvals_finding(input));
  return findings;
}

}  // namespace curfew::core
