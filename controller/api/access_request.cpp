#include "api/access_request.hpp"

#include <algorithm>

#include "api/fields.hpp"
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

std::string_view to_string(ReviewVerdict verdict) {
  return verdict == ReviewVerdict::Justified ? "Justified" : "Disputed";
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

std::vector<std::string> places_of(const AccessRequest& request) {
  if (!is_cluster_scoped(request) || request.spec.namespaces.empty()) return {request.metadata.ns};
  return request.spec.namespaces;
}

bool is_place_of(const AccessRequest& request, std::string_view ns) {
  if (!is_cluster_scoped(request) || request.spec.namespaces.empty()) return request.metadata.ns == ns;
  return std::ranges::find(request.spec.namespaces, ns) != request.spec.namespaces.end();
}

bool is_cluster_scoped(const AccessRequest& request) {
  return request.metadata.ns.empty();
}

void read(const Reader& reader, Verdict& value) {
  read_enum(reader, value, Verdict::Revoke);
}
void read(const Reader& reader, ReviewVerdict& value) {
  read_enum(reader, value, ReviewVerdict::Disputed);
}
void read(const Reader& reader, Phase& value) {
  read_enum(reader, value, Phase::Revoked);
}

template <class V>
static void fields(V& v, Either<Decision> auto& value) {
  v.field("verdict", value.verdict);
  fields(v, value.person);
  v.field("comment", value.comment);
}

template <class V>
static void fields(V& v, Either<Review> auto& value) {
  v.field("verdict", value.verdict);
  fields(v, value.person);
  v.field("comment", value.comment);
}

template <class V>
static void fields(V& v, Either<AccessRequestSpec> auto& value) {
  v.field("policy", value.policy);
  v.field("namespaces", value.namespaces);
  v.field("role", value.role);
  v.field("subject", value.subject);
  v.field("duration", value.duration);
  v.field("startTime", value.start_time);
  v.field("extends", value.extends);
  v.field("reason", value.reason);
  v.field("requester", value.requester);
}

template <class V>
static void fields(V& v, Either<StatusEnding> auto& value) {
  v.field("reason", value.reason);
  v.field("message", value.message);
  v.field("actor", value.actor);
  v.always("time", value.time);
}

template <class V>
static void fields(V& v, Either<AccessRequestStatus> auto& value) {
  v.field("phase", value.phase);
  v.always("complete", value.complete);
  v.field("policy", value.policy);
  v.field("subject", value.subject);
  v.field("roleRef", value.role_ref);
  v.field("roleUID", value.role_uid);
  v.field("roleRulesHash", value.role_rules_hash);
  v.field("duration", value.duration);
  v.field("extends", value.extends);
  v.field("approvals", value.approvals);
  v.field("approvedBy", value.approved_by);
  v.field("requestedAt", value.requested_at);
  v.field("approvedAt", value.approved_at);
  v.field("grantedAt", value.granted_at);
  v.field("expiresAt", value.expires_at);
  v.field("extendableUntil", value.extendable_until);
  v.field("endedAt", value.ended_at);
  v.field("endedNamespaces", value.ended_namespaces);
  v.field("ending", value.ending);
  v.field("review", value.review);
  v.field("bindingName", value.binding_name);
  v.field("onChange", value.on_change);
  v.field("message", value.message);
  v.always("observedGeneration", value.observed_generation);
  v.always("observedDecisions", value.observed_decisions);
  v.field("conditions", value.conditions);
}

template <class V>
static void fields(V& v, Either<AccessRequest> auto& value) {
  v.always("metadata", value.metadata);
  v.always("spec", value.spec);
  v.field("decisions", value.decisions);
  v.field("reviews", value.reviews);
  v.unless_default("status", value.status);
}

template Result<AccessRequest> decode(const nlohmann::json& json);

nlohmann::json encode(const AccessRequest& request) {
  return json_of_kind(request);
}

nlohmann::json encode_status_patch(const AccessRequestStatus& status) {
  return Writer(Empty::Null).json_of(status);
}

}  // namespace curfew::api
