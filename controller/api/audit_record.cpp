#include "api/audit_record.hpp"

#include <algorithm>

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
    case AuditAction::Shortened: return false;
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
  return name_of_flood("namespace-" + std::string(ns), requested_at);
}

std::string cluster_flood_record_name(TimePoint requested_at) {
  return name_of_flood("cluster", requested_at);
}

std::string without_policy_record_name(std::string_view ns, TimePoint requested_at) {
  return name_of_flood("without-policy-" + std::string(ns), requested_at);
}

bool is_flood_record(std::string_view name) {
  return name.starts_with(kFloodPrefix);
}

TimePoint flood_record_until(TimePoint requested_at) {
  return TimePoint(std::chrono::floor<FloodRecordSpan>(requested_at.time_since_epoch()) + FloodRecordSpan(1));
}

void read(const Reader& reader, AuditAction& value) {
  read_enum(reader, value, AuditAction::Shortened);
}

void read(const Reader& reader, RequestRef& value) {
  reader.get("namespace", value.ns);
  reader.get("name", value.name);
  reader.get("uid", value.uid);
}

void read(const Reader& reader, BindingRef& value) {
  reader.get("name", value.name);
  reader.get("uid", value.uid);
}

void read(const Reader& reader, AuditRecord& value) {
  reader.get("metadata", value.metadata);
  reader.get("action", value.action);
  reader.get("time", value.time);
  reader.get("actor", value.actor);
  reader.get("request", value.request);
  reader.get("policy", value.policy);
  reader.get("role", value.role);
  reader.get("subject", value.subject);
  reader.get("reason", value.reason);
  reader.get("comment", value.comment);
  reader.get("duration", value.duration);
  reader.get("startTime", value.start_time);
  reader.get("grantedAt", value.granted_at);
  reader.get("expiresAt", value.expires_at);
  reader.get("binding", value.binding);
  reader.get("message", value.message);
}

template Result<AuditRecord> decode(const nlohmann::json& json);

nlohmann::json encode(const AuditRecord& record) {
  nlohmann::json json = head_of(record);
  Writer binding;
  if (record.binding) binding.put("name", record.binding->name).put("uid", record.binding->uid);
  Writer request;
  request.put("namespace", record.request.ns).put("name", record.request.name).put("uid", record.request.uid);
  json.update(Writer()
                  .put("action", std::string(to_string(record.action)))
                  .put_micro("time", record.time)
                  .put("actor", record.actor)
                  .put("request", request.done())
                  .put("policy", record.policy)
                  .put("role", record.role)
                  .put("subject", record.subject)
                  .put("reason", record.reason)
                  .put("comment", record.comment)
                  .put("duration", record.duration)
                  .put("startTime", record.start_time)
                  .put("grantedAt", record.granted_at)
                  .put("expiresAt", record.expires_at)
                  .put("binding", binding.done())
                  .put("message", record.message)
                  .done());
  return json;
}

}  // namespace curfew::api
