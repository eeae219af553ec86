#include "cli/candidates.hpp"

#include <algorithm>

#include "cli/session.hpp"
#include "core/check/check.hpp"

namespace curfew::cli {
namespace {

bool is_about_how(std::string_view check) {
  return check.starts_with("reason-") || check.starts_with("duration-") || check.starts_with("start-time-");
}

// Whether the finding is about what the policy allows at all, independent of approvals and time.
bool is_of_grant(const core::Finding& finding) {
  return std::ranges::any_of(core::grant_checks(),
                             [&](const core::Check& check) { return check.name == finding.check; });
}

bool fits(const api::RoleRef& offered, const std::string& wanted) {
  return wanted.empty() || wanted == std::string(offered.name) ||
         wanted == std::string(offered.kind) + "/" + std::string(offered.name);
}

std::optional<api::Subject> subject_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (kind == "User" && !rest.empty()) return api::Subject{.kind = kind, .name = rest, .ns = ""};
  const auto second = rest.find(':');
  if (kind == "ServiceAccount" && second != std::string::npos && second > 0 && second + 1 < rest.size()) {
    return api::Subject{.kind = kind, .name = rest.substr(second + 1), .ns = rest.substr(0, second)};
  }
  throw ExitError(Exit::Usage, Printable("--subject ") + text +
                                   " is nobody: write User:NAME or ServiceAccount:NAMESPACE:NAME");
}

api::AccessRequest request_for(const RequestOptions& wish, const api::Person& requester,
                               const std::string& policy, std::optional<api::RoleRef> role) {
  api::AccessRequest request;
  request.metadata.name = wish.name;
  request.metadata.ns = wish.ns;
  request.spec.policy = policy;
  request.spec.role = std::move(role);
  request.spec.subject = subject_of(wish.subject);
  request.spec.duration = wish.duration;
  request.spec.start_time = wish.start_time;
  request.spec.reason = wish.reason;
  request.spec.requester = requester;
  return request;
}

}  // namespace

const core::Finding* Candidate::obstacle() const {
  const auto found = std::ranges::find_if(findings, [](const core::Finding& finding) {
    return (is_of_grant(finding) || finding.check == "time-left") &&
           finding.outcome == core::Finding::Outcome::Failed;
  });
  return found == findings.end() ? nullptr : &*found;
}

bool Candidate::is_certain() const {
  return std::ranges::none_of(findings, [](const core::Finding& finding) {
    return is_of_grant(finding) && finding.outcome == core::Finding::Outcome::NotChecked;
  });
}

bool Candidate::is_near() const {
  const auto* found = obstacle();
  return found != nullptr && is_about_how(found->check);
}

std::vector<Candidate> candidates(const client::Cluster& cluster, const RequestOptions& wish,
                                  const api::Person& requester,
                                  const std::vector<client::Read<api::AccessPolicy>>& policies) {
  client::FactFinder finder(cluster);
  std::vector<Candidate> result;
  for (const auto& [policy, _] : policies) {
    if (!wish.policy.empty() && policy.metadata.name != wish.policy) continue;
    const auto shared = std::make_shared<const api::AccessPolicy>(policy);
    for (const auto& role : policy.spec.roles) {
      if (!fits(role, wish.role)) continue;
      Candidate candidate{.request = request_for(wish, requester, policy.metadata.name, role),
                          .policy = shared,
                          .findings = {}};
      candidate.findings = client::findings_of(finder.facts_of(candidate.request, shared));
      result.push_back(std::move(candidate));
    }
  }
  return result;
}

}  // namespace curfew::cli
