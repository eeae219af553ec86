#include "cli/describe.hpp"

#include <array>

#include "core/decide/review.hpp"
#include "core/describe.hpp"
#include "core/grant.hpp"
#include "core/identity.hpp"

namespace curfew::cli {
namespace {

using std::chrono::seconds;

struct Unit {
  seconds size;
  std::string_view letter;
};
constexpr std::array kUnits{Unit{std::chrono::days(1), "d"}, Unit{std::chrono::hours(1), "h"},
                            Unit{std::chrono::minutes(1), "m"}, Unit{seconds(1), "s"}};

std::string units(seconds time, std::size_t most) {
  std::string result;
  std::size_t given = 0;
  for (const auto& unit : kUnits) {
    const auto count = time / unit.size;
    time -= count * unit.size;
    if (count > 0 && given < most)
      result += (given > 0 ? " " : "") + std::to_string(count) + std::string(unit.letter);
    if (count > 0 || given > 0) ++given;  // consecutive units only: "1d", not "1d 5s"
  }
  return result.empty() ? "0s" : result;
}

}  // namespace

std::string time_left(TimePoint until, TimePoint now) {
  if (until <= now) return "over";
  return units(std::chrono::floor<seconds>(until - now), 2) + " left";
}

std::string age(TimePoint since, TimePoint now) {
  return since >= now ? "0s" : units(std::chrono::floor<seconds>(now - since), 1);
}

std::string deciders(const api::AccessPolicy& policy) {
  const auto& approval = policy.spec.approval;
  if (approval.required == 0) return "nobody: granted at once";
  return std::to_string(approval.required) + " of " + core::describe(approval.approvers);
}

std::string reviewers(const api::AccessPolicy& policy) {
  const auto terms = core::review_terms(policy);
  if (!terms) return "-";
  return std::to_string(terms->required) + " of " + core::describe(terms->reviewers) + " within " +
         terms->within;
}

std::string longest(const api::AccessPolicy& policy) {
  const auto& spec = policy.spec;
  return spec.max_duration + (spec.max_total.empty() ? "" : ", extended to " + spec.max_total);
}

std::string phase_text(const api::AccessRequest& request) {
  return request.status.phase ? std::string(api::to_string(*request.status.phase)) : "-";
}

Colour colour_of(const api::AccessRequest& request) {
  if (!request.status.phase) return Colour::Faint;
  switch (*request.status.phase) {
    case api::Phase::Active: return Colour::Green;
    case api::Phase::Pending:
    case api::Phase::Scheduled: return Colour::Yellow;
    case api::Phase::Denied:
    case api::Phase::Rejected:
    case api::Phase::TimedOut: return Colour::Red;
    case api::Phase::Withdrawn:
    case api::Phase::Expired:
    case api::Phase::Revoked: break;
  }
  return Colour::Faint;
}

std::string short_uid(const std::string& uid) {
  return uid.substr(0, 8);
}

namespace {

Printable mark_of(const Terminal& terminal, core::Finding::Outcome outcome) {
  using Outcome = core::Finding::Outcome;
  switch (outcome) {
    case Outcome::Passed: return terminal.paint(Colour::Green, "pass");
    case Outcome::Failed: return terminal.paint(Colour::Red, "FAIL");
    case Outcome::Waits: return terminal.paint(Colour::Yellow, "wait");
    case Outcome::NotChecked: break;
  }
  return terminal.paint(Colour::Faint, "   ?");
}

}  // namespace

Printable lines_of(const Terminal& terminal, const std::vector<core::Finding>& findings) {
  using Outcome = core::Finding::Outcome;
  Printable result;
  for (const auto& finding : findings) {
    result += Printable("  ") + mark_of(terminal, finding.outcome) + "  " + finding.rule;
    const bool is_told = finding.outcome == Outcome::Failed || finding.outcome == Outcome::Waits;
    if (!finding.message.empty())
      result += is_told ? Printable(": ") + finding.message
                        : terminal.paint(Colour::Faint, Printable(" (") + finding.message + ")");
    result += "\n";
  }
  return result;
}

std::string requester_text(const api::AccessRequest& request) {
  return request.spec.requester ? request.spec.requester->username.str() : "somebody";
}

std::string role_text(const api::AccessRequest& request) {
  if (request.status.role_ref) return core::describe(*request.status.role_ref);
  return request.spec.role ? core::describe(*request.spec.role) : "the policy's role";
}

std::string scope_text(const std::string& ns) {
  return ns.empty() ? "cluster-wide" : "in namespace " + ns;
}

std::string scope_text(const api::AccessRequest& request) {
  if (request.spec.namespaces.size() < 2) return scope_text(api::places_of(request).front());
  return "in namespaces " + core::describe(core::scope_of(request)).substr(std::string_view("in ").size());
}

std::string scope_beside_name(const api::AccessRequest& request) {
  return request.metadata.ns.empty() ? " " + scope_text(request) : "";
}

std::string place_text(const api::AccessRequest& request) {
  const core::Scope scope = core::scope_of(request);
  if (scope.is_cluster_wide()) return "cluster-wide";
  if (scope.namespaces.size() <= 2) return core::joined(scope.namespaces);
  return scope.namespaces.front() + " and " + std::to_string(scope.namespaces.size() - 1) + " more";
}

std::string argument_of(const api::ObjectKey& key) {
  return to_string(key) + (key.ns.empty() ? " --cluster-wide" : "");
}

}  // namespace curfew::cli
