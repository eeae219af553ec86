#include "core/check/checks.hpp"

#include <algorithm>
#include <array>

#include "api/names.hpp"
#include "core/describe.hpp"
#include "core/grant.hpp"
#include "core/policy/reason_pattern.hpp"
#include "core/policy/selector.hpp"
#include "util/visible_text.hpp"

namespace curfew::core {
namespace checks {
namespace {

namespace reason = api::reason;

std::optional<Denial> policy_exists(const Input& in) {
  if (in.policy) return std::nullopt;
  return not_yet(reason::kPolicyNotFound, "spec.policy " + in_quotes(in.request->spec.policy) +
                                              ": there is no AccessPolicy of that name");
}

std::optional<Denial> policy_is_not_suspended(const Input& in) {
  if (!in.policy->spec.suspend.value_or(false)) return std::nullopt;
  return denial(reason::kPolicySuspended, describe(*in.policy) + " is suspended (spec.suspend: true)");
}

std::optional<Denial> namespace_is_not_reserved(const Input& in) {
  for (const std::string& name : api::places_of(*in.request)) {
    if (is_reserved_namespace(name))
      return denial(reason::kNamespaceReserved, "namespace " + name +
                                                    " is reserved: Curfew grants nothing in kube-* and " +
                                                    std::string(api::kControllerNamespace));
  }
  return std::nullopt;
}

std::optional<Denial> scope_is_allowed(const Input& in) {
  const bool is_wide = scope_of(*in.request).is_cluster_wide();
  if (api::is_cluster_wide(in.policy->spec) == is_wide) return std::nullopt;
  return denial(
      reason::kScopeNotAllowed,
      describe(*in.policy) +
          (is_wide
               ? " is for access in namespaces: ask for it with an AccessRequest in one of them, or name them in spec.namespaces"
               : " is for cluster-wide access: ask for it with a ClusterAccessRequest that names no namespaces"));
}

std::optional<Denial> policy_is_ready(const Input& in) {
  if (in.policy_problems.empty()) return std::nullopt;
  return not_yet(reason::kPolicyNotReady,
                 describe(*in.policy) + " is not ready: " + in.policy_problems.front().message);
}

std::optional<Denial> namespace_is_allowed(const Input& in, const Place& place) {
  const std::string& name = place.where;
  const auto& allowed = in.policy->spec.namespaces;
  // A request goes with its own namespace. Of those that it lists, each has to exist until the grant; one
  // that is deleted later ends its part of the access.
  if (!in.others.empty() && (place.has_ended || is_going(place))) {
    if (in.request->status.phase == api::Phase::Active || in.granted_record) return std::nullopt;
    return not_yet(reason::kNamespaceNotAllowed, "namespace " + name + " does not exist");
  }
  if (reaches(allowed, name, place.ns.get())) return std::nullopt;
  std::string covered = allowed.names.empty() ? "" : joined(allowed.names);
  if (allowed.selector)
    covered += std::string(covered.empty() ? "" : " and ") + "those that its selector matches";
  Denial found =
      denial(reason::kNamespaceNotAllowed, describe(*in.policy) + " does not cover namespace " + name +
                                               ", only " + (covered.empty() ? "none" : covered));
  found.may_pass = in.absence && in.absence->of_labels;
  return found;
}

std::optional<Denial> namespaces_are_allowed(const Input& in) {
  if (scope_of(*in.request).is_cluster_wide()) return std::nullopt;
  for (const Place* place : places(in)) {
    if (auto found = namespace_is_allowed(in, *place)) return found;
  }
  return std::nullopt;
}

// What is wrong with a reason that shows nothing.
std::string nothing_in(std::string_view reason) {
  return reason.empty() ? "spec.reason is missing: " : "spec.reason has no visible character: ";
}

std::optional<Denial> reason_is_given(const Input& in) {
  const std::string& given = in.request->spec.reason;
  if (!in.policy->spec.reason.required || utf8::is_visible(given)) return std::nullopt;
  return denial(reason::kReasonRequired,
                nothing_in(given) + describe(*in.policy) + " requires one, in words");
}

// A policy with an unusable pattern is not ready, and that denial is reported instead.
std::optional<Denial> reason_fits_pattern(const Input& in) {
  const std::string& pattern = in.policy->spec.reason.pattern;
  const std::string& written = in.request->spec.reason;
  const bool is_given = utf8::is_visible(written);
  // YAML's "reason: |" ends in a line break, which no author of a pattern thinks of.
  const std::string given(is_given ? utf8::trimmed(written) : std::string_view());
  if (pattern.empty() || reason_matches(pattern, given) || pattern_problem(pattern)) return std::nullopt;
  return denial(reason::kReasonMismatch, (is_given ? "spec.reason " + in_quotes(given) + " does not match "
                                                   : nothing_in(written) + "it has to match ") +
                                             pattern + ", which " + describe(*in.policy) + " requires");
}

using Needs = Check::Needs;

constexpr Check kPolicyExists{"policy-exists", "the AccessPolicy exists", Needs::Nothing, policy_exists};
constexpr Check kRequesterIsKnown{"requester-known", "the API server established who asks", Needs::Nothing,
                                  requester_is_known};
constexpr Check kNotSuspended{"policy-not-suspended", "the policy is not suspended", Needs::Policy,
                              policy_is_not_suspended};
constexpr Check kNotReserved{"namespace-not-reserved", "the namespace is not one of the cluster's own",
                             Needs::Nothing, namespace_is_not_reserved};
constexpr Check kScope{"scope-allowed", "the policy is for access of this scope", Needs::Policy,
                       scope_is_allowed};
constexpr Check kPolicyIsReady{"policy-ready", "the policy can work", Needs::Policy, policy_is_ready};
constexpr Check kRequester{"requester-allowed", "the policy lets this requester ask", Needs::Requester,
                           requester_is_allowed};
constexpr Check kSubject{"subject-allowed", "the policy lets the requester ask for this subject",
                         Needs::Requester, subject_is_allowed};
constexpr Check kRoleClear{"role-unambiguous", "it is clear which role is asked for", Needs::Policy,
                           role_is_unambiguous};
constexpr Check kRole{"role-allowed", "the policy offers this role", Needs::Role, role_is_allowed};
constexpr Check kRoleExists{"role-exists", "the role exists", Needs::Role, role_exists};
constexpr Check kRoleUnchanged{"role-unchanged", "the role allows what it allowed when it was asked for",
                               Needs::Role, role_is_unchanged};
constexpr Check kNamespace{"namespace-allowed", "the policy covers this namespace", Needs::Policy,
                           namespaces_are_allowed};
constexpr Check kDurationValid{"duration-valid", "the duration is one", Needs::Policy, duration_is_valid};
constexpr Check kDuration{"duration-allowed", "the policy allows so long", Needs::Policy,
                          duration_is_within_limit};
constexpr Check kStartTime{"start-time-valid", "the start time is one", Needs::Nothing, start_time_is_valid};
constexpr Check kStartNear{"start-time-near", "the start time is not too far ahead", Needs::Policy,
                           start_is_near};
constexpr Check kReason{"reason-given", "there is a reason where the policy requires one", Needs::Policy,
                        reason_is_given};
constexpr Check kReasonFits{"reason-fits", "the reason matches the policy's pattern", Needs::Policy,
                            reason_fits_pattern};
constexpr Check kWindow{"window-open", "the window has not closed where grants end with it", Needs::Policy,
                        window_has_not_closed};
constexpr Check kReviews{"reviews-not-overdue", "no review of the person's earlier access is overdue",
                         Needs::Requester, reviews_are_not_overdue};
constexpr Check kExtensions{"extensions-allowed", "the policy allows extensions", Needs::Policy,
                            extensions_are_allowed, Check::Of::Extensions};
constexpr Check kExtendedLasts{"extended-not-ended", "what it extends did not end before its time",
                               Needs::Nothing, extended_has_not_ended_early, Check::Of::Extensions};

constexpr std::array kGrantChecks{kPolicyExists,  kRequesterIsKnown, kNotSuspended, kNotReserved,   kScope,
                                  kPolicyIsReady, kRequester,        kSubject,      kRoleClear,     kRole,
                                  kRoleExists,    kRoleUnchanged,    kNamespace,    kDurationValid, kDuration,
                                  kStartTime,     kStartNear,        kReason,       kReasonFits,    kReviews,
                                  kExtensions,    kExtendedLasts};

constexpr std::array kActiveChecks{kPolicyExists, kRequesterIsKnown, kNotSuspended, kNotReserved,
                                   kScope,        kRequester,        kSubject,      kRole,
                                   kRoleExists,   kRoleUnchanged,    kNamespace,    kReason,
                                   kReasonFits,   kWindow,           kExtensions,   kExtendedLasts};

constexpr std::array kExtensionChecks{
    Check{"extended-active", "what it extends has access", Needs::Nothing, extended_is_active,
          Check::Of::Extensions},
    Check{"extended-same", "what it extends is of the same requester, subject, role and policy",
          Needs::Extended, extended_is_the_same, Check::Of::Extensions},
    Check{"extended-within-total", "the policy allows more time than what it extends has", Needs::Extended,
          total_is_within_limit, Check::Of::Extensions},
    Check{"extended-once", "what it extends is not extended by another request", Needs::Extended,
          extended_has_no_other, Check::Of::Extensions}};

constexpr std::array kTimingChecks{
    Check{"start-time-come", "the start time has come", Needs::Nothing, start_has_come},
    Check{"schedule-open", "the policy's schedule is open", Needs::Policy, schedule_is_open}};

constexpr std::array kLimitChecks{
    Check{"active-limit", "the person has not as much active as the policy allows", Needs::Requester,
          active_is_within_limit},
    Check{"cooldown", "the person's last access ended long enough ago", Needs::Requester, cooldown_is_over}};

}  // namespace
}  // namespace checks

std::span<const Check> grant_checks() {
  return checks::kGrantChecks;
}
std::span<const Check> active_checks() {
  return checks::kActiveChecks;
}
std::span<const Check> extension_checks() {
  return checks::kExtensionChecks;
}
std::span<const Check> timing_checks() {
  return checks::kTimingChecks;
}
std::span<const Check> limit_checks() {
  return checks::kLimitChecks;
}

bool concerns(const Check& check, const api::AccessRequest& request) {
  return check.of == Check::Of::AnyRequest || !request.spec.extends.empty();
}

bool can_run(const Check& check, const Input& input) {
  const auto& requester = input.request->spec.requester;
  switch (check.needs) {
    case Check::Needs::Nothing: return true;
    case Check::Needs::Policy: return input.policy != nullptr;
    case Check::Needs::Requester: return input.policy && requester && !requester->username.empty();
    case Check::Needs::Role: return input.policy && effective_role(*input.request, input.policy.get());
    case Check::Needs::Extended:
      return input.policy && input.extended && input.extended->request && input.extended->access;
  }
  return false;
}

namespace {

Denial impossible(const Check& check) {
  return {
      .reason = std::string(api::reason::kCheckImpossible),
      .message = "whether " + std::string(check.rule) + " cannot be told: what that depends on is missing"};
}

}  // namespace

std::optional<Denial> first_denial(std::span<const Check> checks, const Input& input) {
  for (const Check& check : checks) {
    if (!concerns(check, *input.request)) continue;
    if (!can_run(check, input)) return impossible(check);
    if (auto found = check.run(input)) return found;
  }
  return std::nullopt;
}

std::optional<Denial> first_lasting_denial(std::span<const Check> checks, const Input& input) {
  std::optional<Denial> passing;
  for (const Check& check : checks) {
    if (!concerns(check, *input.request)) continue;
    if (passing && !can_run(check, input)) continue;  // because of what is away
    auto found = can_run(check, input) ? check.run(input) : impossible(check);
    if (found && !found->may_pass) return found;
    if (found && !passing) passing = std::move(found);
  }
  return passing;
}

}  // namespace curfew::core
