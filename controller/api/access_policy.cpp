#include "api/access_policy.hpp"

#include "api/fields.hpp"
#include "api/names.hpp"
#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

template <class V>
static void fields(V& v, Either<LabelSelector::Requirement> auto& value) {
  v.field("key", value.key);
  v.field("operator", value.op);
  v.field("values", value.values);
}

template <class V>
static void fields(V& v, Either<LabelSelector> auto& value) {
  v.field("matchLabels", value.match_labels);
  v.field("matchExpressions", value.match_expressions);
}

template <class V>
static void fields(V& v, Either<ScheduleWindow> auto& value) {
  v.field("days", value.days);
  v.field("start", value.start);
  v.field("end", value.end);
}

template <class V>
static void fields(V& v, Either<Schedule> auto& value) {
  v.field("timeZone", value.time_zone);
  v.field("windows", value.windows);
  v.always("endAtWindowClose", value.end_at_window_close);
}

template <class V>
static void fields(V& v, Either<AccessPolicySpec::Namespaces> auto& value) {
  v.field("names", value.names);
  v.field("selector", value.selector);  // an empty one selects everything, an absent one nothing
}

template <class V>
static void fields(V& v, Either<AccessPolicySpec::Reason> auto& value) {
  v.always("required", value.required);
  v.field("pattern", value.pattern);
}

template <class V>
static void fields(V& v, Either<AccessPolicySpec::Approval> auto& value) {
  v.always("required", value.required);
  v.field("approvers", value.approvers);
  v.always("allowSelfApproval", value.allow_self_approval);
  v.field("timeout", value.timeout);
}

template <class V>
static void fields(V& v, Either<AccessPolicySpec::Review> auto& value) {
  v.always("required", value.required);
  v.field("reviewers", value.reviewers);
  v.field("within", value.within);
  v.always("blockWhileOverdue", value.block_while_overdue);
}

template <class V>
static void fields(V& v, Either<AccessPolicySpec::Limits> auto& value) {
  v.field("activePerRequester", value.active_per_requester);
  v.field("cooldown", value.cooldown);
  v.field("onceByName", value.once_by_name);
}

template <class V>
static void fields(V& v, Either<AccessPolicySpec> auto& value) {
  v.field("description", value.description);
  v.field("requesters", value.requesters);
  v.field("subjects", value.subjects);
  v.field("roles", value.roles);
  v.field("scope", value.scope);
  v.field("namespaces", value.namespaces);
  v.nested("duration", [&](auto&& duration) {
    duration.field("default", value.default_duration);
    duration.field("max", value.max_duration);
    duration.field("maxStartDelay", value.max_start_delay);
    duration.field("maxTotal", value.max_total);
  });
  v.field("schedule", value.schedule);
  v.field("reason", value.reason);
  v.field("approval", value.approval);
  v.field("review", value.review);
  v.field("limits", value.limits);
  v.field("onChange", value.on_change);
  v.field("suspend", value.suspend);
}

template <class V>
static void fields(V& v, Either<AccessPolicyStatus> auto& value) {
  v.always("observedGeneration", value.observed_generation);
  v.field("conditions", value.conditions);
  v.always("activeGrants", value.active_grants);
  v.always("pendingRequests", value.pending_requests);
}

template <class V>
static void fields(V& v, Either<AccessPolicy> auto& value) {
  v.always("metadata", value.metadata);
  v.always("spec", value.spec);
  v.unless_default("status", value.status);
}

bool is_cluster_wide(const AccessPolicySpec& spec) {
  return spec.scope == kClusterScope;
}

template Result<AccessPolicy> decode(const nlohmann::json& json);

nlohmann::json encode(const AccessPolicy& policy) {
  return json_of_kind(policy);
}

nlohmann::json encode_status_patch(const AccessPolicyStatus& status) {
  return Writer(Empty::Null).json_of(status);
}

}  // namespace curfew::api
