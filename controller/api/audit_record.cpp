#include "api/audit_record.hpp"

#include <algorithm>

#include "api/fields.hpp"
#include "api/reader.hpp"
#include "api/writer.hpp"
#include "util/sha256.hpp"

namespace curfew::api {
namespace {

using FloodRecordSpan = std::chrono::duration<std::int64_t, std::ratio<600>>;
constexpr std::string_view kFloodPrefix = "flood-";
constexpr std::size_t kFloodHashDigits = 16;

std::string name_of_flood(const std::string& what, TimePoint requested_at) {
  const auto begin = flood_record_until(requested_at) - FloodRecordSpan(1);
  return std::string(kFloodPrefix) + what + "-" +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(begin.time_since_epoch()).count());
}

}  // namespace

std::string_view to_string(AuditAction action) {
  switch (action) {
    case AuditAction::Requested: return "Requested";
    case AuditAction::Approved: return "Approved";
    case AuditAction::Denied: return "Denied";
    case AuditAction::Granted: return "Granted";
    case AuditAction::Expired: return "Expired";
    case AuditAction::Revoked: return "Revoked";
    case AuditAction::Withdrawn: return "Withdrawn";
    case AuditAction::TimedOut: return "TimedOut";
    case AuditAction::Rejected: return "Rejected";
    case AuditAction::Failed: return "Failed";
    case AuditAction::Tampered: return "Tampered";
    case AuditAction::PolicyViolation: return "PolicyViolation";
    case AuditAction::Shortened: return "Shortened";
    case AuditAction::ApprovalWithdrawn: return "ApprovalWithdrawn";
    case AuditAction::ReviewRequested: return "ReviewRequested";
    case AuditAction::Reviewed: return "Reviewed";
    case AuditAction::ReviewOverdue: return "ReviewOverdue";
    case AuditAction::ReviewEvaded: return "ReviewEvaded";
    case AuditAction::Narrowed: return "Narrowed";
  }
  return "";
}

bool is_end(AuditAction action) {
  switch (action) {
    case AuditAction::Denied:
    case AuditAction::Expired:
    case AuditAction::Revoked:
    case AuditAction::Withdrawn:
    case AuditAction::TimedOut:
    case AuditAction::Rejected: return true;
    case AuditAction::Requested:
    case AuditAction::Approved:
    case AuditAction::Granted:
    case AuditAction::Failed:
    case AuditAction::Tampered:
    case AuditAction::PolicyViolation:
    case AuditAction::Shortened:
    case AuditAction::ApprovalWithdrawn:
    case AuditAction::ReviewRequested:
    case AuditAction::Reviewed:
    case AuditAction::ReviewOverdue:
    case AuditAction::ReviewEvaded:
    case AuditAction::Narrowed: return false;
  }
  return false;
}

std::string record_name(std::string_view request_uid, AuditAction action, std::optional<std::int64_t> index) {
  if (is_end(action)) return std::string(request_uid) + "-ended";
  std::string name = std::string(request_uid) + "-" + std::string(to_string(action));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (index) name += "-" + std::to_string(*index);
  return name;
}

std::string flood_record_name(std::string_view username, TimePoint requested_at) {
  return name_of_flood(sha256_hex(username).substr(0, kFloodHashDigits), requested_at);
}

std::string namespace_flood_record_name(std::string_view ns, TimePoint requested_at) {
  return name_of_flood(ns.empty() ? "cluster-scoped" : "namespace-" + std::string(ns), requested_at);
}

std::string cluster_flood_record_name(TimePoint requested_at) {
  return name_of_flood("cluster", requested_at);
}

std::string without_policy_record_name(std::string_view ns, TimePoint requested_at) {
  return name_of_flood("without-policy" + (ns.empty() ? "" : "-" + std::string(ns)), requested_at);
}

bool is_flood_record(std::string_view name) {
  return name.starts_with(kFloodPrefix);
}

TimePoint flood_record_until(TimePoint requested_at) {
  return TimePoint(std::chrono::floor<FloodRecordSpan>(requested_at.time_since_epoch()) + FloodRecordSpan(1));
}

void read(const Reader& reader, AuditAction& value) {
  read_enum(reader, value, AuditAction::Narrowed);
}

template <class V>
static void fields(V& v, Either<RequestRef> auto& value) {
  v.field("namespace", value.ns);
  v.field("name", value.name);
  v.field("uid", value.uid);
}

template <class V>
static void fields(V& v, Either<RecordedBinding> auto& value) {
  v.field("name", value.name);
  v.field("uid", value.uid);
}

template <class V>
static void fields(V& v, Either<AuditRecord> auto& value) {
  v.always("metadata", value.metadata);
  v.always("action", value.action);
  v.micro("time", value.time);
  v.field("actor", value.actor);
  v.field("request", value.request);
  v.field("namespaces", value.namespaces);
  v.field("policy", value.policy);
  v.field("role", value.role);
  v.field("subject", value.subject);
  v.field("reason", value.reason);
  v.field("comment", value.comment);
  v.field("duration", value.duration);
  v.field("startTime", value.start_time);
  v.field("extends", value.extends);
  v.field("grantedAt", value.granted_at);
  v.field("expiresAt", value.expires_at);
  v.field("binding", value.binding);
  v.field("approversSkipped", value.approvers_skipped);
  v.field("review", value.review);
  v.field("verdict", value.verdict);
  v.field("message", value.message);
}

template Result<AuditRecord> decode(const nlohmann::json& json);

nlohmann::json encode(const AuditRecord& record) {
  return json_of_kind(record);
}

}  // namespace curfew::api
