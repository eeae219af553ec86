#include "client/candidates.hpp"

#include <algorithm>
#include <random>
#include <string_view>

#include "core/check/check.hpp"
#include "core/decide/decide.hpp"

namespace curfew::client {
namespace {

constexpr int kMaxFailedReads = 10;  // in a row, one a second, while waiting for access

bool is_about_how(std::string_view check) {
  return check.starts_with("reason-") || check.starts_with("duration-") || check.starts_with("start-time-");
}

// Whether the finding is about what the policy allows at all, independent of approvals and time.
bool is_of_grant(const core::Finding& finding) {
  return std::ranges::any_of(core::grant_checks(),
                             [&](const core::Check& check) { return check.name == finding.check; });
}

bool fits(const api::RoleRef& offered, const std::string& asked) {
  return asked.empty() || asked == std::string(offered.name) ||
         asked == std::string(offered.kind) + "/" + std::string(offered.name);
}

std::shared_ptr<const api::AccessRequest> request_for(const RequestOptions& options, const Session& session,
                                                      const api::Person& requester, const std::string& policy,
                                                      const api::RoleRef& role) {
  api::AccessRequest request;
  request.metadata.name = options.name;
  request.metadata.ns = session.own_namespace();
  request.spec.namespaces = session.namespaces;
  request.spec.policy = policy;
  request.spec.role = role;
  request.spec.subject = options.subject;
  request.spec.duration = options.duration;
  request.spec.start_time = options.start_time;
  request.spec.reason = options.reason;
  request.spec.requester = requester;
  return std::make_shared<const api::AccessRequest>(std::move(request));
}

// The metadata.generateName prefix, such as "alice-view-": valid characters only, and not too long.
std::string prefix_of(const api::AccessRequest& request) {
  std::string result;
  const std::string who(request.spec.requester->username);
  for (const char c : who.substr(who.rfind(':') == std::string::npos ? 0 : who.rfind(':') + 1) + "-" +
                          std::string(request.spec.role->name)) {
    const auto lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const bool is_plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (is_plain) {
      result += lower;
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
  }
  result = result.substr(0, 50);
  return (result.empty() ? std::string("access") : result) + (result.ends_with('-') ? "" : "-");
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

Result<std::vector<Candidate>> find_candidates(const Session& session, const RequestOptions& options) {
  const auto requester = session.cluster->whoami();
  if (!requester) return tl::unexpected(requester.error());
  const auto policies = session.cluster->list<api::AccessPolicy>({}, [&](const api::AccessPolicy& policy) {
    return options.policy.empty() || policy.metadata.name == options.policy;
  });
  if (!policies) return tl::unexpected(policies.error());
  std::vector<RequestAndPolicy> requests;
  for (const auto& [policy, _] : *policies) {
    const auto shared = std::make_shared<const api::AccessPolicy>(policy);
    for (const auto& role : policy.spec.roles) {
      if (fits(role, options.role))
        requests.push_back({.request = request_for(options, session, *requester, policy.metadata.name, role),
                            .policy = shared});
    }
  }
  std::vector<Candidate> result;
  for (Facts& facts : gather_facts(session, requests)) {
    auto findings = findings_of(facts);
    result.push_back({.facts = std::move(facts), .findings = std::move(findings)});
  }
  return result;
}

std::vector<const Candidate*> fitting_of(const std::vector<Candidate>& all) {
  std::vector<const Candidate*> fitting;
  for (const auto& candidate : all) {
    if (candidate.obstacle() == nullptr) fitting.push_back(&candidate);
  }
  if (std::ranges::any_of(fitting, &Candidate::is_certain))
    std::erase_if(fitting, [](const Candidate* candidate) { return !candidate->is_certain(); });
  return fitting;
}

const Candidate* nearest_of(const std::vector<Candidate>& all) {
  const auto first = std::ranges::find_if(all, &Candidate::is_near);
  return first != all.end() && std::ranges::count_if(all, &Candidate::is_near) == 1 ? &*first : nullptr;
}

std::vector<Trial> try_candidates(const Session& session, const std::vector<const Candidate*>& candidates) {
  std::vector<Trial> trials;
  std::vector<api::AccessRequest> requests;
  trials.reserve(candidates.size());
  requests.reserve(candidates.size());
  for (const Candidate* candidate : candidates) {
    trials.push_back({.candidate = *candidate, .accepted = {}});
    requests.push_back(candidate->request());
  }
  std::vector<Facts*> facts;
  facts.reserve(trials.size());
  for (Trial& trial : trials) facts.push_back(&trial.candidate.facts);
  gather_usage(session, facts);
  auto accepted = session.cluster->try_create(requests, "can-");
  for (std::size_t i = 0; i < trials.size(); ++i) {
    trials[i].candidate.findings = findings_of(trials[i].candidate.facts);
    trials[i].accepted = std::move(accepted.at(i));
  }
  return trials;
}

Candidate with_own_name(Candidate candidate) {
  if (!candidate.request().metadata.name.empty()) return candidate;
  constexpr std::string_view kCharacters = "bcdfghjklmnpqrstvwxz2456789";
  constexpr int kRandom = 8;
  api::AccessRequest request = candidate.request();
  request.metadata.name = prefix_of(request);
  std::random_device random;
  std::uniform_int_distribution<std::size_t> any(0, kCharacters.size() - 1);
  for (int i = 0; i < kRandom; ++i) request.metadata.name += kCharacters[any(random)];
  candidate.facts.input.request = std::make_shared<const api::AccessRequest>(std::move(request));
  return candidate;
}

Result<Read<api::AccessRequest>> make_request(const Session& session, const Candidate& candidate) {
  return session.cluster->create(candidate.request(), prefix_of(candidate.request()));
}

Result<WaitResult> wait_for_access(const Session& session, const api::ObjectKey& key,
                                   std::chrono::seconds timeout,
                                   const std::function<void(const api::AccessRequest&)>& observe) {
  using Outcome = WaitResult::Outcome;
  const auto deadline = session.clock->steady() + timeout;
  WaitResult result;
  int failures = 0;
  while (session.clock->steady() < deadline) {
    auto read = session.cluster->get<api::AccessRequest>(key);
    if (!read) {
      const bool may_pass =
          read.error().kind != ErrorKind::NotFound && read.error().kind != ErrorKind::Forbidden;
      if (!may_pass || ++failures == kMaxFailedReads) return tl::unexpected(read.error());
      session.sleep(std::chrono::seconds(1));
      continue;
    }
    failures = 0;
    result.request = std::move(read->object);
    observe(result.request);
    const auto& status = result.request.status;
    if (status.phase == api::Phase::Active && status.expires_at) result.outcome = Outcome::Active;
    if (result.outcome == Outcome::TimedOut && core::is_over(status)) result.outcome = Outcome::Ended;
    if (result.outcome != Outcome::TimedOut) return result;
    session.sleep(std::chrono::seconds(1));
  }
  return result;
}

}  // namespace curfew::client
