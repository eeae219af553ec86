#include "api/names.hpp"
#include "core/paths.hpp"

namespace curfew::core {
namespace {

api::Phase phase_after(api::AuditAction end) {
  switch (end) {
    case api::AuditAction::Denied: return api::Phase::Denied;
    case api::AuditAction::TimedOut: return api::Phase::TimedOut;
    case api::AuditAction::Withdrawn: return api::Phase::Withdrawn;
    case api::AuditAction::Expired: return api::Phase::Expired;
    case api::AuditAction::Revoked: return api::Phase::Revoked;
    default: return api::Phase::Rejected;
  }
}

// A binding of a request that is over: nothing may use it. One that is younger than the end was made by somebody else.
Decision remove_leftover(const Input& input) {
  const api::ObjectMeta& meta = input.binding->metadata;
  const auto& ended_at = input.request->status.ended_at;
  Decision removal = remove(*input.binding);
  if (removal.actions.empty() || meta.deletion_timestamp || !ended_at || meta.creation_timestamp < *ended_at) return removal;
  Progress progress(input);
  progress.status = input.request->status;  // stays as it is
  progress.step({.action = api::AuditAction::Tampered,
                 .message = "RoleBinding " + meta.name + " was made by somebody at " + format_rfc3339(meta.creation_timestamp) + ", after this request had ended",
                 .index = std::chrono::duration_cast<std::chrono::seconds>(meta.creation_timestamp.time_since_epoch()).count(),
                 .is_warning = true,
                 .doing = "Observe",
                 .related = reference_to(*input.binding)});
  return progress.done_after(removal);
}

}  // namespace

Decision decide_deleted(const Input& input) {
  const api::AccessRequest& request = *input.request;
  const bool is_active = request.status.phase == api::Phase::Active;
  if (input.binding && (is_active || is_ours(request, *input.binding))) return remove(*input.binding);
  if (request.status.complete || input.end_record) return {};

  if (input.flood && !request.status.phase) return reject_flood(input);

  const bool with_namespace = namespace_is_going(input);
  const std::string name = with_namespace ? "namespace " + request.metadata.name_space : std::string(api::AccessRequest::kKind) + " " + api::to_string(request.metadata.key());
  const bool had_access = is_active || input.granted_record.has_value();
  const Ending ending{.phase = had_access ? api::Phase::Revoked : api::Phase::Withdrawn,
                      .reason = std::string(with_namespace ? api::reason::kNamespaceDeleted : api::reason::kRequestDeleted),
                      .message = name + " was deleted" + (had_access ? ", which ended the access" : " before anything was granted")};
  return had_access ? end(input, Progress(input), ending) : end_pending(input, Progress(input), ending);
}

Decision end_as_recorded(const Input& input) {
  if (input.binding && (input.request->status.phase == api::Phase::Active || is_ours(*input.request, *input.binding))) return remove(*input.binding);
  const api::AuditRecord& record = *input.end_record;
  return end(input, Progress(input), {.phase = phase_after(record.action),
                                      .reason = std::string(api::to_string(record.action)),
                                      .message = record.message,
                                      .actor = record.actor,
                                      .comment = record.comment});
}

Decision decide_complete(const Input& input) {
  const api::AccessRequest& request = *input.request;
  if (input.binding && is_ours(request, *input.binding)) return remove_leftover(input);
  if (!request.status.complete) {  // half a status is none of ours, but an end is an end
    api::AccessRequestStatus status = request.status;
    status.complete = true;
    if (!status.ended_at) status.ended_at = floor_to_second(input.now);
    return {.actions = {UpdateStatus{status}}, .wake_at = std::nullopt};
  }
  return {};
}

}  // namespace curfew::core
