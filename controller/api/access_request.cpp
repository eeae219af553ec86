#include "api/access_request.hpp"

#include "api/names.hpp"
#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Approve: return "Approve";
    case Verdict::Deny: return "Deny";
    case Verdict::Revoke: return "Revoke";
  }
  return "";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::Pending: return "Pending";
    case Phase::Scheduled: return "Scheduled";
    case Phase::Active: return "Active";
    case Phase::Denied: return "Denied";
    case Phase::Rejected: return "Rejected";
    case Phase::TimedOut: return "TimedOut";
    case Phase::Withdrawn: return "Withdrawn";
    case Phase::Expired: return "Expired";
    case Phase::Revoked: return "Revoked";
  }
  return "";
}

bool is_terminal(Phase phase) {
  return phase != Phase::Pending && phase != Phase::Scheduled && phase != Phase::Active;
}

std::string binding_name(const AccessRequest& request) {
  return std::string(kBindingPrefix) + request.metadata.uid;
}

void read(const Reader& reader, Verdict& value) {
  read_enum(reader, value, Verdict::Revoke);
}
void read(const Reader& reader, Phase& value) {
  read_enum(reader, value, Phase::Revoked);
}

void read(const Reader& reader, Decision& value) {
  reader.get("verdict", value.verdict);
  read(reader, value.person);
  reader.get("comment", value.comment);
}

void read(const Reader& reader, AccessRequestSpec& value) {
  reader.get("policy", value.policy);
  reader.get("role", value.role);
  reader.get("subject", value.subject);
  reader.get("duration", value.duration);
  reader.get("startTime", value.start_time);
  reader.get("reason", value.reason);
  reader.get("requester", value.requester);
}

void read(const Reader& reader, AccessRequestStatus& value) {
  reader.get("phase", value.phase);
  reader.get("complete", value.complete);
  reader.get("policy", value.policy);
  reader.get("subject", value.subject);
  reader.get("roleRef", value.role_ref);
  reader.get("roleUID", value.role_uid);
  reader.get("roleRulesHash", value.role_rules_hash);
  reader.get("duration", value.duration);
  reader.get("approvals", value.approvals);
  reader.get("approvedBy", value.approved_by);
  reader.get("requestedAt", value.requested_at);
  reader.get("approvedAt", value.approved_at);
  reader.get("grantedAt", value.granted_at);
  reader.get("expiresAt", value.expires_at);
  reader.get("endedAt", value.ended_at);
  reader.get("bindingName", value.binding_name);
  reader.get("onChange", value.on_change);
  reader.get("message", value.message);
  reader.get("observedGeneration", value.observed_generation);
  reader.get("observedDecisions", value.observed_decisions);
  reader.get("conditions", value.conditions);
}

void read(const Reader& reader, AccessRequest& value) {
  reader.get("metadata", value.metadata);
  reader.get("spec", value.spec);
  reader.get("decisions", value.decisions);
  reader.get("status", value.status);
}

template Result<AccessRequest> decode(const nlohmann::json& json);

namespace {

nlohmann::json encode_status(const AccessRequestStatus& status, Empty empty) {
  const auto phase = status.phase ? to_string(*status.phase) : "";
  return Writer(empty)
      .put("phase", std::string(phase))
      .put_always("complete", status.complete)
      .put("policy", status.policy)
      .put("subject", status.subject)
      .put("roleRef", status.role_ref)
      .put("roleUID", status.role_uid)
      .put("roleRulesHash", status.role_rules_hash)
      .put("duration", status.duration)
      .put("approvals", status.approvals)
      .put("approvedBy", status.approved_by)
      .put("requestedAt", status.requested_at)
      .put("approvedAt", status.approved_at)
      .put("grantedAt", status.granted_at)
      .put("expiresAt", status.expires_at)
      .put("endedAt", status.ended_at)
      .put("bindingName", status.binding_name)
      .put("onChange", status.on_change)
      .put("message", status.message)
      .put_always("observedGeneration", status.observed_generation)
      .put_always("observedDecisions", status.observed_decisions)
      .put("conditions", to_json(status.conditions))
      .done();
}

nlohmann::json encode_decisions(const std::vector<Decision>& decisions) {
  nlohmann::json list = nlohmann::json::array();
  for (const Decision& decision : decisions) {
    Writer writer;
    writer.put("verdict", std::string(to_string(decision.verdict))).put("username", decision.person.username);
    list.push_back(writer.put("groups", decision.person.groups).put("comment", decision.comment).done());
  }
  return list;
}

}  // namespace

nlohmann::json encode(const AccessRequest& request) {
  const AccessRequestSpec& spec = request.spec;
  nlohmann::json json = head_of(request);
  json["spec"] = Writer()
                     .put("policy", spec.policy)
                     .put("role", spec.role)
                     .put("subject", spec.subject)
                     .put("duration", spec.duration)
                     .put("startTime", spec.start_time)
                     .put("reason", spec.reason)
                     .put("requester", spec.requester)
                     .done();
  if (!request.decisions.empty()) json["decisions"] = encode_decisions(request.decisions);
  if (request.status != AccessRequestStatus{}) json["status"] = encode_status(request.status, Empty::LeftOut);
  return json;
}

nlohmann::json encode_status_patch(const AccessRequestStatus& status) {
  return encode_status(status, Empty::Null);
}

}  // namespace curfew::api
