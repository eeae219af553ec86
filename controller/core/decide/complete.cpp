#include "api/names.hpp"
#include "core/decide/phases.hpp"
#include "core/decide/review.hpp"
#include "core/decide/trust.hpp"

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

// Why the binding of an ended request is not one that Curfew created, as a sentence; nullopt if it is.
std::optional<std::string> describe_made_after(const Input& input) {
  const api::ObjectMeta& meta = input.binding->metadata;
  const auto& ended_at = input.request->status.ended_at;
  const std::string who = describe(api::reference_to(*input.binding)) + " was made by somebody";
  if (input.is_unrecorded) return who + ": no AuditRecord says that access was granted to this request";
  if (ended_at && meta.creation_timestamp >= *ended_at)
    return who + " at " + format_rfc3339(meta.creation_timestamp) + ", after this request had ended";
  const auto& granted = input.end_record ? input.end_record->binding : std::nullopt;
  if (granted && !granted->uid.empty() && granted->uid != meta.uid && input.others.empty())
    return who + ": it is not the one that was granted";
  return std::nullopt;
}

// Removes the binding of an ended request, so that nothing can use it.
Decision remove_leftover(const Input& input) {
  const auto message = describe_made_after(input);
  return message ? remove_forged(input, *message) : remove(input);
}

// Whether status and records show that there was access or a grant in progress.
bool had_access(const Input& input) {
  return (input.request->status.phase == api::Phase::Active && !input.is_unrecorded) ||
         input.granted_record.has_value();
}

// Under the guard, only Curfew can create a binding with that name and label, so a binding with both is
// removed with its request: the garbage collector may have removed the owner reference already (`kubectl
// delete --cascade=orphan`).
bool is_to_be_removed(const Input& input) {
  return input.binding &&
         (input.request->status.phase == api::Phase::Active || is_named_for(*input.request, *input.binding));
}

// Why a deleted request ended. A cause from before the deletion takes precedence: a decision on the request,
// or an ending that Curfew had begun. The API server does not report who deleted a request; the admission
// policy curfew-deletion restricts who may.
Ending ending_by_deletion(const Input& input, const DecisionBuilder& builder, const Tally& counted) {
  const api::AccessRequest& request = *input.request;
  const bool ends_access = had_access(input);
  const std::string name = std::string(api::kind_of<api::AccessRequest>(request.metadata.ns)) + " " +
                           api::to_string(request.metadata.key());
  const std::string consequence = ends_access ? ", which ended the access"
                                  : is_known_from_records(request)
                                      ? " while no replica was leading, before a grant was recorded"
                                      : " before anything was granted";
  if (const auto index = ends_access ? counted.revoked : counted.ending) {
    Ending ending = ends_access ? ending_by_decision(input, *index, api::Phase::Revoked)
                                : ending_without_access(input, *index);
    ending.message += "; " + name + " was deleted after that";
    return ending;
  }
  if (request.status.phase == api::Phase::Active && ends_access) {
    if (auto announced = ending_announced(input, builder)) return *announced;
  }
  if (namespace_is_going(input)) {
    return {.phase = ends_access ? api::Phase::Revoked : api::Phase::Withdrawn,
            .reason = std::string(api::reason::kNamespaceDeleted),
            .message = "namespace " + request.metadata.ns + " was deleted" + consequence};
  }
  return {
      .phase = ends_access ? api::Phase::Revoked : api::Phase::Withdrawn,
      .reason = std::string(api::reason::kRequestDeleted),
      .message =
          name + " was deleted" + consequence +
          ", by its requester, its subject, an approver of its policy, somebody with the verb end, or the garbage collector"};
}

}  // namespace

Decision remove_forged(const Input& input, const std::string& message) {
  const api::ObjectMeta& meta = input.binding->metadata;
  Decision removal = remove(input);
  if (removal.actions.empty() || meta.deletion_timestamp) return removal;  // recorded when it was deleted
  DecisionBuilder builder(input);
  builder.status = input.request->status;
  const auto made =
      std::chrono::duration_cast<std::chrono::seconds>(meta.creation_timestamp.time_since_epoch());
  builder.tampering(message, made.count(), object_of(api::reference_to(*input.binding)));
  return builder.done_after(removal, removal.next);
}

Decision remove_unrecorded(const Input& input) {
  const bool is_own = input.granted_binding_uid == input.binding->metadata.uid;
  // One of several, which a crash kept from being all of them.
  const bool is_begun = !input.others.empty() && has_made_bindings(input);
  return is_own || is_begun ? remove(input) : remove_forged(input, *tampering(input, std::nullopt));
}

Decision decide_deleted(const Input& input) {
  const api::AccessRequest& request = *input.request;
  if (is_to_be_removed(input)) {
    if (!is_unrecorded_grant(input) || is_over(request.status) || input.end_record) return remove(input);
    return is_interrupted_grant(input) ? record_interrupted(input) : remove_unrecorded(input);
  }
  if (!request.status.complete && !input.end_record && is_interrupted_grant(input))
    return record_interrupted(input);
  // A revocation and a deletion may come at once: then the end is recorded, and in no status yet.
  const bool has_ended = input.end_record ? input.end_record->granted_at.has_value()
                                          : input.granted_record && is_over(request.status);
  if (has_ended && !request.status.complete) {
    if (const auto terms = review_terms(input)) return decide_deleted_before_review(input, *terms);
  }
  // Also of a request that finalizers hold: its status is read as long as it is there.
  if (input.end_record && !request.status.complete && !input.request_is_gone) return end_as_recorded(input);
  if (request.status.complete || input.end_record) return {.actions = {}, .next = NextLook::never()};

  if (input.flood && !request.status.phase) return reject_flood(input);

  DecisionBuilder builder(input);
  const Tally counted = tally(input);
  record_request(input, builder);
  note_decisions(input, counted, builder);
  const Ending ending = ending_by_deletion(input, builder, counted);
  return ending.phase == api::Phase::Revoked ? end(input, builder, ending)
                                             : end_pending(input, builder, ending);
}

Decision end_as_recorded(const Input& input) {
  if (is_to_be_removed(input)) return remove(input);
  const api::AuditRecord& record = *input.end_record;
  DecisionBuilder builder(input);
  if (input.is_revived) {
    const std::string what = "somebody set the status back after this request had ended: " + record.message;
    builder.tampering(what, fingerprint(what));
    builder.status.granted_at = record.granted_at;
    builder.status.expires_at = record.expires_at;
  }
  return end(input, builder,
             {.phase = phase_after(record.action),
              .reason = std::string(api::to_string(record.action)),
              .message = record.message,
              .actor = record.actor,
              .comment = record.comment});
}

Decision end_unstorable(const Input& input) {
  const api::AccessRequest& request = *input.request;
  if (is_to_be_removed(input)) return remove(input);
  const bool ends_access = had_access(input);
  Ending ending{.phase = ends_access ? api::Phase::Revoked : api::Phase::Rejected,
                .reason = std::string(api::reason::kUnstorable),
                .message = "what has to be recorded of this request is not valid, so that it cannot be " +
                           std::string(ends_access ? "gone on with" : "granted") + ": " + *input.unstorable};
  if (input.end_record) {  // written before, by this or another process
    ending.phase = phase_after(input.end_record->action);
    ending.message = input.end_record->message;
  }
  DecisionBuilder builder(input);
  builder.status = {};  // one of its fields may be the refused one
  close(input, builder, ending);
  api::AuditRecord record;
  record.action = ends_access ? api::AuditAction::Revoked : api::AuditAction::Rejected;
  record.metadata.name = api::record_name(request.metadata.uid, record.action);
  record.time = input.now;
  record.request = {.ns = request.metadata.ns, .name = request.metadata.name, .uid = request.metadata.uid};
  record.message = builder.status.message;
  Decision decision{.actions = {}, .next = NextLook::never()};
  if (!input.end_record) decision.actions.emplace_back(WriteRecord{std::move(record)});
  if (!input.request_is_gone) decision.actions.emplace_back(UpdateStatus{builder.status});
  return decision;
}

Decision decide_complete(const Input& input) {
  const api::AccessRequest& request = *input.request;
  if (input.binding && is_named_for(request, *input.binding)) return remove_leftover(input);
  // Only access is reviewed, which has a record of its end: what a status says alone may be forged.
  if (!request.status.complete && input.end_record) {
    if (const auto terms = review_terms(input)) return decide_review(input, *terms);
  }
  if (!request.status.complete) {  // not written by Curfew, but a terminal phase is still an end
    api::AccessRequestStatus status = request.status;
    status.complete = true;
    if (!status.ended_at) status.ended_at = floor_to_second(input.now);
    return {.actions = {UpdateStatus{status}}, .next = NextLook::never()};
  }
  return {.actions = {}, .next = NextLook::never()};
}

}  // namespace curfew::core
