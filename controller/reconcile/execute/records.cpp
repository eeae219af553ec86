#include "reconcile/execute/records.hpp"

#include <string>
#include <utility>

#include "api/names.hpp"
#include "core/decide/grant_failure.hpp"

namespace curfew::reconcile {
namespace {

// One record of a flood stands for the ends of many requests.
bool is_end_of(const api::AuditRecord& record, const std::string& request_uid) {
  return api::is_end(record.action) && !api::is_flood_record(record.metadata.name) &&
         record.request.uid == request_uid;
}

bool records_the_same_grant(const api::AuditRecord& stored, const api::AuditRecord& wanted) {
  return stored.granted_at == wanted.granted_at && stored.expires_at == wanted.expires_at &&
         stored.role == wanted.role && stored.subject == wanted.subject;
}

}  // namespace

Step RecordExecutor::look_for_grant(const core::Input& input, std::stop_token stop) {
  if (input.granted_record || parts_.notes.knows_all_records()) return std::nullopt;
  auto stored = parts_.client.find<api::AuditRecord>(
      {"", api::record_name(input.request->metadata.uid, api::AuditAction::Granted)}, std::move(stop));
  if (!stored) return parts_.failures.retry(stored.error());
  if (!*stored) return std::nullopt;
  parts_.notes.remember_granted(std::move(**stored));
  return decide_again();
}

Step RecordExecutor::look_for_end(const core::Input& input, std::stop_token stop) {
  if (parts_.notes.knows_all_records()) return std::nullopt;
  auto stored = parts_.client.find<api::AuditRecord>(
      {"", api::record_name(input.request->metadata.uid, api::AuditAction::Revoked)}, std::move(stop));
  if (!stored) return parts_.failures.retry(stored.error());
  if (!*stored) return std::nullopt;
  parts_.notes.remember_end(std::move(**stored));
  return decide_again();
}

// No access without its record: the next decision removes the binding.
Step RecordExecutor::grant_refused(const core::Input& input, const Error& error) {
  if (is_refused_by_schema(error)) return std::nullopt;
  auto failure = core::grant_failure(error, parts_.clock.now());
  if (!failure) return std::nullopt;
  failure->reason = api::reason::kRecordRefused;
  failure->message = "the AuditRecord of the grant was refused: " + error.message;
  parts_.failures.count(error);
  parts_.notes.remember_failure(input.request->metadata.uid, std::move(*failure));
  return decide_again();
}

Step RecordExecutor::run(const core::Input& input, const core::WriteRecord& action, std::stop_token stop) {
  const bool is_grant = action.record.action == api::AuditAction::Granted;
  if (is_grant && input.binding) {
    if (auto ended = look_for_end(input, stop)) return ended;
  }
  api::AuditRecord record = action.record;
  if (is_grant && record.binding && record.binding->uid.empty())
    record.binding->uid = parts_.notes.of(input.request->metadata.uid)
                              .binding_in(api::places_of(*input.request).front())
                              .granted_uid;
  auto stored = parts_.audit.write(record, stop);
  if (!stored) {
    log_failure("audit record not written", input, stored.error());
    if (is_grant) {
      if (const Step refused = grant_refused(input, stored.error())) return refused;
    }
    return parts_.failures.not_written(input, stored.error());
  }
  if (action.record.action == api::AuditAction::Requested)
    parts_.notes.remember_recorded(input.request->metadata.uid);
  const bool is_of_review = action.record.action == api::AuditAction::Reviewed ||
                            action.record.action == api::AuditAction::ReviewOverdue;
  if (is_of_review)
    parts_.notes.remember_review_record(input.request->metadata.uid, action.record.metadata.name);
  parts_.usage.recorded(*stored);
  parts_.floods.recorded(*stored);
  if (is_end_of(*stored, input.request->metadata.uid)) {
    // The request has ended now, whatever decisions arrive before its status shows the end.
    const bool is_another = stored->action != action.record.action;
    parts_.notes.remember_end(std::move(*stored));
    return is_another ? Step(decide_again()) : std::nullopt;  // with the end that is recorded
  }
  if (!is_grant) return std::nullopt;
  const bool is_ours = records_the_same_grant(*stored, action.record);
  parts_.notes.remember_granted(std::move(*stored));
  return is_ours ? std::nullopt : Step(decide_again());  // an earlier attempt's record counts
}

}  // namespace curfew::reconcile
