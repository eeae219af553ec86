#include "api/access_policy.hpp"

#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

void read(const Reader& reader, LabelSelector::Requirement& value) {
  reader.get("key", value.key);
  reader.get("operator", value.op);
  reader.get("values", value.values);
}

void read(const Reader& reader, LabelSelector& value) {
  reader.get("matchLabels", value.match_labels);
  reader.get("matchExpressions", value.match_expressions);
}

void read(const Reader& reader, ScheduleWindow& value) {
  reader.get("days", value.days);
  reader.get("start", value.start);
  reader.get("end", value.end);
}

void read(const Reader& reader, Schedule& value) {
  reader.get("timeZone", value.time_zone);
  reader.get("windows", value.windows);
  reader.get("endAtWindowClose", value.end_at_window_close);
}

void read(const Reader& reader, AccessPolicySpec::Namespaces& value) {
  reader.get("names", value.names);
  reader.get("selector", value.selector);
}

void read(const Reader& reader, AccessPolicySpec::Reason& value) {
  reader.get("required", value.required);
  reader.get("pattern", value.pattern);
}

void read(const Reader& reader, AccessPolicySpec::Approval& value) {
  reader.get("required", value.required);
  reader.get("approvers", value.approvers);
  reader.get("allowSelfApproval", value.allow_self_approval);
  reader.get("timeout", value.timeout);
}

void read(const Reader& reader, AccessPolicySpec::Limits& value) {
  reader.get("activePerRequester", value.active_per_requester);
  reader.get("cooldown", value.cooldown);
  reader.get("onceByName", value.once_by_name);
}

void read(const Reader& reader, AccessPolicySpec& value) {
  reader.get("description", value.description);
  reader.get("requesters", value.requesters);
  reader.get("subjects", value.subjects);
  reader.get("roles", value.roles);
  reader.get("namespaces", value.namespaces);
  const Reader duration = reader.at("duration");
  duration.get("default", value.default_duration);
  duration.get("max", value.max_duration);
  duration.get("maxStartDelay", value.max_start_delay);
  reader.get("schedule", value.schedule);
  reader.get("reason", value.reason);
  reader.get("approval", value.approval);
  reader.get("limits", value.limits);
  reader.get("onChange", value.on_change);
  reader.get("suspend", value.suspend);
}

void read(const Reader& reader, AccessPolicyStatus& value) {
  reader.get("observedGeneration", value.observed_generation);
  reader.get("conditions", value.conditions);
  reader.get("activeGrants", value.active_grants);
  reader.get("pendingRequests", value.pending_requests);
}

void read(const Reader& reader, AccessPolicy& value) {
  reader.get("metadata", value.metadata);
  reader.get("spec", value.spec);
  reader.get("status", value.status);
}

template Result<AccessPolicy> decode(const nlohmann::json& json);

namespace {

nlohmann::json encode_selector(const LabelSelector& selector) {
  nlohmann::json expressions = nlohmann::json::array();
  for (const auto& requirement : selector.match_expressions) {
    expressions.push_back(Writer()
                              .put("key", requirement.key)
                              .put("operator", requirement.op)
                              .put("values", requirement.values)
                              .done());
  }
  return Writer().put("matchLabels", selector.match_labels).put("matchExpressions", expressions).done();
}

nlohmann::json encode_schedule(const Schedule& schedule) {
  nlohmann::json windows = nlohmann::json::array();
  for (const auto& window : schedule.windows) {
    windows.push_back(
        Writer().put("days", window.days).put("start", window.start).put("end", window.end).done());
  }
  return Writer()
      .put("timeZone", schedule.time_zone)
      .put("windows", windows)
      .put_always("endAtWindowClose", schedule.end_at_window_close)
      .done();
}

nlohmann::json encode_spec(const AccessPolicySpec& spec) {
  Writer namespaces;
  namespaces.put("names", spec.namespaces.names);
  // An empty selector selects everything, an absent one nothing.
  if (spec.namespaces.selector) namespaces.put_always("selector", encode_selector(*spec.namespaces.selector));
  Writer reason;
  reason.put_always("required", spec.reason.required).put("pattern", spec.reason.pattern);
  Writer approval;
  approval.put_always("required", spec.approval.required).put("approvers", list_of(spec.approval.approvers));
  approval.put_always("allowSelfApproval", spec.approval.allow_self_approval)
      .put("timeout", spec.approval.timeout);

  Writer writer;
  writer.put("description", spec.description)
      .put("requesters", list_of(spec.requesters))
      .put("subjects", list_of(spec.subjects));
  writer.put("roles", list_of(spec.roles)).put("namespaces", namespaces.done());
  writer.put("duration", Writer()
                             .put("default", spec.default_duration)
                             .put("max", spec.max_duration)
                             .put("maxStartDelay", spec.max_start_delay)
                             .done());
  if (spec.schedule) writer.put("schedule", encode_schedule(*spec.schedule));
  writer.put("reason", reason.done()).put("approval", approval.done());
  if (spec.limits) {
    Writer limits;
    if (spec.limits->active_per_requester)
      limits.put_always("activePerRequester", *spec.limits->active_per_requester);
    if (spec.limits->once_by_name) limits.put_always("onceByName", true);
    writer.put_always("limits", limits.put("cooldown", spec.limits->cooldown).done());
  }
  writer.put("onChange", spec.on_change);
  if (spec.suspend) writer.put_always("suspend", *spec.suspend);
  return writer.done();
}

nlohmann::json encode_status(const AccessPolicyStatus& status) {
  return Writer(Empty::Null)
      .put_always("observedGeneration", status.observed_generation)
      .put("conditions", to_json(status.conditions))
      .put_always("activeGrants", status.active_grants)
      .put_always("pendingRequests", status.pending_requests)
      .done();
}

}  // namespace

nlohmann::json encode(const AccessPolicy& policy) {
  nlohmann::json json = head_of(policy);
  json["spec"] = encode_spec(policy.spec);
  if (policy.status != AccessPolicyStatus{}) {
    json["status"] = encode_status(policy.status);
    if (json["status"]["conditions"].is_null()) json["status"].erase("conditions");
  }
  return json;
}

nlohmann::json encode_status_patch(const AccessPolicyStatus& status) {
  return encode_status(status);
}

}  // namespace curfew::api
