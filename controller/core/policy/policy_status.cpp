#include "core/policy/policy_status.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "api/names.hpp"
#include "api/text.hpp"
#include "core/describe.hpp"
#include "core/identity.hpp"
#include "core/policy/reason_pattern.hpp"
#include "core/policy/schedule.hpp"
#include "core/policy/selector.hpp"
#include "core/policy/shared_identity.hpp"
#include "util/duration.hpp"

namespace curfew::core {
namespace {

namespace reason = api::reason;

void add(std::vector<Denial>& problems, std::string_view why, std::string message) {
  problems.push_back({.reason = std::string(why), .message = std::move(message)});
}

void find_invalid_durations(const api::AccessPolicySpec& spec, std::vector<Denial>& problems) {
  constexpr std::string_view kAccepted =
      " is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h";
  const auto longest = parse_duration(spec.max_duration);
  const auto usual = parse_duration(spec.default_duration);
  if (!longest)
    add(problems, reason::kDurationInvalid,
        "spec.duration.max " + in_quotes(spec.max_duration) + std::string(kAccepted));
  if (!usual && !spec.default_duration.empty()) {
    add(problems, reason::kDurationInvalid,
        "spec.duration.default " + in_quotes(spec.default_duration) + std::string(kAccepted));
  }
  const auto total = parse_duration(spec.max_total);
  if (!spec.max_total.empty() && !total) {
    add(problems, api::reason::kDurationInvalid,
        "spec.duration.maxTotal " + in_quotes(spec.max_total) + std::string(kAccepted));
  }
  if (longest && total && *total < *longest) {
    add(problems, api::reason::kDurationInvalid,
        "spec.duration.maxTotal " + spec.max_total + " is shorter than spec.duration.max " +
            spec.max_duration);
  }
  if (!spec.max_start_delay.empty() && !parse_duration(spec.max_start_delay)) {
    add(problems, reason::kDurationInvalid,
        "spec.duration.maxStartDelay " + in_quotes(spec.max_start_delay) + std::string(kAccepted));
  }
  if (longest && usual && *usual > *longest) {
    add(problems, reason::kDurationTooLong,
        "spec.duration.default " + spec.default_duration + " is longer than spec.duration.max " +
            spec.max_duration);
  }
}

bool has_group(std::span<const api::Subject> people) {
  return std::ranges::any_of(people, [](const api::Subject& one) { return one.kind == "Group"; });
}

std::set<std::string> usernames(std::span<const api::Subject> people) {
  std::set<std::string> names;
  for (const api::Subject& one : people) names.insert(username_of(one));
  return names;
}

// Whether the required number of distinct people can approve at all; the size of a group is not known here.
void find_impossible_quorum(const api::AccessPolicySpec& spec, std::vector<Denial>& problems) {
  const auto& approval = spec.approval;
  if (approval.required < 0) {
    add(problems, reason::kNotEnoughApprovals,
        "spec.approval.required " + std::to_string(approval.required) + " is less than 0");
    return;
  }
  if (has_group(approval.approvers)) return;
  const auto required = static_cast<std::size_t>(approval.required);
  const auto approvers = usernames(approval.approvers);
  if (approvers.size() < required) {
    add(problems, reason::kNotEnoughApprovals,
        "spec.approval.required is " + std::to_string(approval.required) +
            " but spec.approval.approvers names " + describe(approval.approvers));
    return;
  }
  if (approval.allow_self_approval || has_group(spec.requesters)) return;
  const auto requesters = usernames(spec.requesters);
  const bool all_lack_approvers = std::ranges::all_of(
      requesters, [&](const std::string& one) { return approvers.size() - approvers.count(one) < required; });
  if (requesters.empty() || !all_lack_approvers) return;
  add(problems, reason::kNotEnoughApprovals,
      "nobody may approve what they asked for, so spec.approval.approvers (" + describe(approval.approvers) +
          ") are too few for requests of spec.requesters (" + describe(spec.requesters) + ")");
}

void find_impossible_review(const api::AccessPolicySpec& spec, std::vector<Denial>& problems) {
  if (!spec.review || has_group(spec.review->reviewers)) return;
  if (usernames(spec.review->reviewers).size() >=
      static_cast<std::size_t>(std::max(0, spec.review->required)))
    return;
  add(problems, reason::kNotEnoughReviewers,
      "spec.review.required is " + std::to_string(spec.review->required) +
          " but spec.review.reviewers names " + describe(spec.review->reviewers));
}

void find_impossible_schedule(const api::AccessPolicySpec& spec, const TimeZone* zone,
                              std::vector<Denial>& problems) {
  if (!spec.schedule) return;
  if (zone == nullptr) {
    add(problems, reason::kScheduleInvalid,
        "spec.schedule.timeZone " + in_quotes(spec.schedule->time_zone) +
            " is not in the time zone database: write one such as Europe/Berlin or UTC");
  }
  for (const api::ScheduleWindow& window : spec.schedule->windows) {
    if (parse_time_of_day(window.start) && parse_time_of_day(window.end)) continue;
    add(problems, reason::kScheduleInvalid,
        "spec.schedule.windows has " + window.start + " to " + window.end +
            ", which are not times of day like 08:00");
  }
}

void find_unusable_subjects(const api::AccessPolicySpec& spec, std::vector<Denial>& problems) {
  for (const api::Subject& subject : spec.subjects) {
    if (subject.kind != "Group") continue;
    add(problems, reason::kSubjectNotAllowed,
        "spec.subjects has " + describe(subject) +
            ", but who is in a group is only known of those who ask: name Users and ServiceAccounts");
  }
}

void find_unusable_namespaces(const api::AccessPolicySpec& spec, std::vector<Denial>& problems) {
  for (const auto& name : spec.namespaces.names) {
    if (!is_reserved_namespace(name)) continue;
    add(problems, reason::kNamespaceReserved,
        "spec.namespaces.names has " + name + ", but Curfew grants nothing in kube-* and " +
            std::string(api::kControllerNamespace));
  }
  if (spec.namespaces.names.empty() && !spec.namespaces.selector) {
    add(problems, reason::kNamespaceNotAllowed, "spec.namespaces has neither names nor a selector");
  }
}

void find_unusable_cluster_scope(const api::AccessPolicySpec& spec, std::vector<Denial>& problems) {
  if (!spec.namespaces.names.empty() || spec.namespaces.selector) {
    add(problems, reason::kScopeNotAllowed,
        "spec.scope is Cluster, so spec.namespaces has no meaning: leave it out");
  }
  for (const api::RoleRef& role : spec.roles) {
    if (role.kind != "ClusterRole")
      add(problems, reason::kScopeNotAllowed,
          "spec.scope is Cluster, and " + describe(role) + " exists in one namespace: offer ClusterRoles");
    else if (is_never_granted_cluster_wide(role.name))
      add(problems, reason::kScopeNotAllowed,
          describe(role) + " is never granted cluster-wide, nor is any other of the cluster's own");
  }
}

}  // namespace

bool is_never_granted_cluster_wide(std::string_view cluster_role) {
  return cluster_role == "cluster-admin" || cluster_role.starts_with("system:");
}

std::string describe_missing_role(const api::RoleRef& role) {
  return describe(role) + " does not exist";
}

std::vector<Denial> policy_problems(const api::AccessPolicy& policy, const PolicyFacts& facts,
                                    const std::optional<api::RoleRef>& role) {
  const api::AccessPolicySpec& spec = policy.spec;
  std::vector<Denial> problems;
  if (!facts.was_admitted) {
    add(problems, reason::kGuardNotInForce,
        "it was written while the guard was not in force, so nobody checked whether its author may bind its roles: write its spec again, where any change of it will do");
  }
  if (spec.requesters.empty())
    add(problems, reason::kRequesterNotAllowed, "spec.requesters is empty, so nobody may ask");
  if (spec.roles.empty())
    add(problems, reason::kRoleNotFound, "spec.roles is empty, so there is nothing to ask for");
  for (const auto& offered : spec.roles) {
    const bool matters = offered.kind == "ClusterRole" && (!role || *role == offered);
    if (matters && !facts.cluster_role_exists(offered.name))
      add(problems, reason::kRoleNotFound, describe_missing_role(offered));
  }
  api::is_cluster_wide(spec) ? find_unusable_cluster_scope(spec, problems)
                             : find_unusable_namespaces(spec, problems);
  find_invalid_durations(spec, problems);
  find_impossible_quorum(spec, problems);
  find_impossible_review(spec, problems);
  find_impossible_schedule(spec, facts.time_zone, problems);
  find_unusable_subjects(spec, problems);
  if (!spec.approval.timeout.empty() && !parse_duration(spec.approval.timeout)) {
    add(problems, reason::kDurationInvalid,
        "spec.approval.timeout " + in_quotes(spec.approval.timeout) + " is not a duration like 8h");
  }
  if (spec.limits && !spec.limits->cooldown.empty() && !parse_duration(spec.limits->cooldown)) {
    add(problems, reason::kDurationInvalid,
        "spec.limits.cooldown " + in_quotes(spec.limits->cooldown) + " is not a duration like 15m");
  }
  if (const auto problem =
          spec.reason.pattern.empty() ? std::nullopt : pattern_problem(spec.reason.pattern)) {
    add(problems, reason::kReasonPatternInvalid,
        "spec.reason.pattern " + in_quotes(spec.reason.pattern) +
            " is not an RE2 expression that can be used: " + *problem);
  }
  return problems;
}

namespace {

constexpr std::string_view kNothingIsGranted = "nothing is granted until spec.suspend is false";

bool is_suspended(const api::AccessPolicy& policy) {
  return policy.spec.suspend.value_or(false);
}

std::string with_warning(const std::string& sentence, const std::string& warning) {
  return warning.empty() ? sentence : sentence + "; but " + warning;
}

// A suspended policy is Ready: it does what its author wants. Tools that wait for Ready (Flux, Helm) would
// otherwise wait for the end of a freeze.
void set_ready(const api::AccessPolicy& policy, std::span<const Denial> problems, TimePoint now,
               api::AccessPolicyStatus& status) {
  std::string message;
  for (const Denial& problem : problems) message += (message.empty() ? "" : "; ") + problem.message;
  std::string why(is_suspended(policy) ? reason::kPolicySuspended : reason::kReady);
  if (!problems.empty())
    why = problems.front().reason;
  else if (is_suspended(policy))
    message = "suspended: " + std::string(kNothingIsGranted);
  else
    message = with_warning("requests are served", describe_shared_identities(policy.spec));
  api::set_condition(status.conditions, {.type = std::string(api::kReady),
                                         .status = problems.empty() ? "True" : "False",
                                         .reason = why,
                                         .message = api::cut(message, api::kMaxMessageBytes),
                                         .observed_generation = policy.metadata.generation,
                                         .last_transition_time = floor_to_second(now)});
}

// A condition that exists only while its message does.
void set_or_remove(std::string_view type, std::string_view why, std::string_view message,
                   const PolicyInput& input, api::AccessPolicyStatus& status) {
  if (message.empty()) {
    std::erase_if(status.conditions, [&](const api::Condition& condition) { return condition.type == type; });
    return;
  }
  api::set_condition(status.conditions, {.type = std::string(type),
                                         .status = "True",
                                         .reason = std::string(why),
                                         .message = api::cut(message, api::kMaxMessageBytes),
                                         .observed_generation = input.policy.metadata.generation,
                                         .last_transition_time = floor_to_second(input.now)});
}

std::string outliving_roles(const PolicyInput& input) {
  std::string message;
  for (const api::RoleRef& role : input.policy.spec.roles) {
    const auto powers = input.outliving_powers ? input.outliving_powers(role) : std::vector<std::string>();
    if (!powers.empty())
      message += (message.empty() ? "" : "; ") + describe(role) + " allows " + joined(powers);
  }
  return message.empty() ? message : "what is made with a grant can outlive it: " + message;
}

// The message of a condition that exists only while it has one, or what the status goes on saying.
template <class Known>
std::string message_of(std::string_view type, const Known& known, const api::AccessPolicy& policy) {
  if (known) return describe(*known);
  const auto* said = api::find_condition(policy.status.conditions, type);
  return said != nullptr && said->observed_generation == policy.metadata.generation ? said->message.str()
                                                                                    : std::string();
}

}  // namespace

api::AccessPolicyStatus policy_status(const PolicyInput& input) {
  const api::AccessPolicy& policy = input.policy;
  api::AccessPolicyStatus status = policy.status;
  status.observed_generation = policy.metadata.generation;
  status.active_grants = input.active_grants;
  status.pending_requests = input.pending_requests;
  const std::string unbindable = message_of(api::kRoleNotBindable, input.bind_refusals, policy);
  auto problems = policy_problems(policy, input.facts);
  if (!unbindable.empty()) add(problems, reason::kRoleNotBindable, unbindable);
  set_ready(policy, problems, input.now, status);
  set_or_remove(api::kSuspended, reason::kPolicySuspended, is_suspended(policy) ? kNothingIsGranted : "",
                input, status);
  set_or_remove(api::kRoleNotBindable, reason::kRoleNotBindable, unbindable, input, status);
  set_or_remove(api::kClusterScopedRules, api::kClusterScopedRules,
                message_of(api::kClusterScopedRules, input.beyond_namespace, policy), input, status);
  set_or_remove(api::kSharedIdentity, api::kSharedIdentity, describe_shared_identities(policy.spec), input,
                status);
  set_or_remove(api::kOutlivesGrant, api::kOutlivesGrant, outliving_roles(input), input, status);
  return status;
}

std::optional<api::Event> policy_event(const api::AccessPolicy& before, const api::AccessPolicyStatus& after,
                                       TimePoint now) {
  const api::Condition* was = api::find_condition(before.status.conditions, api::kReady);
  const api::Condition* is = api::find_condition(after.conditions, api::kReady);
  if (!is || (was && was->status == is->status && was->message == is->message)) return std::nullopt;
  const bool is_ready = is->status == "True";
  if (is_ready && !was) return std::nullopt;
  api::Event event;
  event.time = now;
  event.type = is_ready ? "Normal" : "Warning";
  event.reason = is->reason;
  event.action = "Observe";
  event.note = is->message;
  event.regarding = {.api_version = std::string(api::kGroupVersion),
                     .kind = std::string(api::AccessPolicy::kKind),
                     .ns = {},
                     .name = before.metadata.name,
                     .uid = before.metadata.uid};
  return event;
}

}  // namespace curfew::core
