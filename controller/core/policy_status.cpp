#include "core/policy_status.hpp"

#include <algorithm>
#include <set>

#include "api/names.hpp"
#include "api/text.hpp"
#include "core/check.hpp"
#include "core/identity.hpp"
#include "core/words.hpp"
#include "util/duration.hpp"

namespace curfew::core {
namespace {

namespace reason = api::reason;

void add(std::vector<Denial>& problems, std::string_view why, std::string message) {
  problems.push_back({.reason = std::string(why), .message = std::move(message)});
}

void find_invalid_durations(const api::AccessPolicySpec& spec, std::vector<Denial>& problems) {
  constexpr std::string_view kAccepted = " is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h";
  const auto longest = parse_duration(spec.max_duration);
  const auto usual = parse_duration(spec.default_duration);
  if (!longest) add(problems, reason::kDurationInvalid, "spec.duration.max " + in_quotes(spec.max_duration) + std::string(kAccepted));
  if (!usual && !spec.default_duration.empty()) {
    add(problems, reason::kDurationInvalid, "spec.duration.default " + in_quotes(spec.default_duration) + std::string(kAccepted));
  }
  if (longest && usual && *usual > *longest) {
    add(problems, reason::kDurationTooLong, "spec.duration.default " + spec.default_duration + " is longer than spec.duration.max " + spec.max_duration);
  }
}

// Whether so many distinct people can approve at all; how many are in a group is not known here.
void find_impossible_quorum(const api::AccessPolicySpec::Approval& approval, std::vector<Denial>& problems) {
  if (approval.required < 0) {
    add(problems, reason::kNotEnoughApprovals, "spec.approval.required " + std::to_string(approval.required) + " is less than 0");
    return;
  }
  std::set<std::string> people;
  for (const auto& approver : approval.approvers) {
    if (approver.kind == "Group") return;
    people.insert(username_of(approver));
  }
  if (people.size() >= static_cast<std::size_t>(approval.required)) return;
  add(problems, reason::kNotEnoughApprovals,
      "spec.approval.required is " + std::to_string(approval.required) + " but spec.approval.approvers names " + describe(approval.approvers));
}

}  // namespace

std::vector<Denial> unimplemented_features(const api::AccessPolicy& policy) {
  const api::AccessPolicySpec& spec = policy.spec;
  struct Feature {
    bool used;
    const char* field;
  };
  const Feature features[] = {
      {!spec.subjects.empty(), "spec.subjects"},
      {spec.schedule.has_value(), "spec.schedule"},
      {!spec.reason.pattern.empty(), "spec.reason.pattern"},
      {!spec.approval.timeout.empty(), "spec.approval.timeout"},
      {spec.limits.has_value(), "spec.limits"},
      {!spec.on_change.empty(), "spec.onChange"},
      {spec.suspend.has_value(), "spec.suspend"},
  };
  std::vector<Denial> used;
  for (const Feature& feature : features) {
    if (feature.used) add(used, reason::kNotImplemented, std::string(feature.field) + " is not implemented yet");
  }
  return used;
}

std::vector<Denial> policy_problems(const api::AccessPolicy& policy, const std::function<bool(const std::string&)>& cluster_role_exists) {
  const api::AccessPolicySpec& spec = policy.spec;
  std::vector<Denial> problems = unimplemented_features(policy);
  if (spec.requesters.empty()) add(problems, reason::kRequesterNotAllowed, "spec.requesters is empty, so nobody may ask");
  if (spec.roles.empty()) add(problems, reason::kRoleNotFound, "spec.roles is empty, so there is nothing to ask for");
  for (const auto& role : spec.roles) {
    if (role.kind == "ClusterRole" && !cluster_role_exists(role.name)) add(problems, reason::kRoleNotFound, describe(role) + " does not exist");
  }
  for (const auto& name : spec.namespaces.names) {
    if (!is_reserved_namespace(name)) continue;
    add(problems, reason::kNamespaceReserved, "spec.namespaces.names has " + name + ", but Curfew grants nothing in kube-* and " + std::string(api::kControllerNamespace));
  }
  if (spec.namespaces.names.empty() && !spec.namespaces.selector) {
    add(problems, reason::kNamespaceNotAllowed, "spec.namespaces has neither names nor a selector");
  }
  find_invalid_durations(spec, problems);
  find_impossible_quorum(spec.approval, problems);
  return problems;
}

api::AccessPolicyStatus policy_status(const PolicyInput& input) {
  const api::AccessPolicy& policy = input.policy;
  const auto problems = policy_problems(policy, input.cluster_role_exists);
  // unimplemented_features come first, so the first problem's reason is NotImplemented when any is.
  std::string message;
  for (const Denial& problem : problems) message += (message.empty() ? "" : "; ") + problem.message;

  api::AccessPolicyStatus status = policy.status;
  status.observed_generation = policy.metadata.generation;
  status.active_grants = input.active_grants;
  status.pending_requests = input.pending_requests;
  api::set_condition(status.conditions, {.type = std::string(api::kReady),
                                         .status = problems.empty() ? "True" : "False",
                                         .reason = problems.empty() ? std::string(reason::kReady) : problems.front().reason,
                                         .message = problems.empty() ? "requests are served" : api::cut(message, api::kMostMessageBytes),
                                         .observed_generation = policy.metadata.generation,
                                         .last_transition_time = floor_to_second(input.now)});
  return status;
}

}  // namespace curfew::core
