#include "core/decide/decide.hpp"

#include <algorithm>

#include "api/names.hpp"
#include "core/check/timing.hpp"
#include "core/decide/phases.hpp"

namespace curfew::core {

bool is_over(const api::AccessRequestStatus& status) {
  return status.complete || (status.phase && api::is_terminal(*status.phase));
}

bool is_known_from_records(const api::AccessRequest& request) {
  return request.metadata.creation_timestamp == TimePoint{};
}

bool may_have_unseen_records(const Input& input) {
  if (is_unrecorded_grant(input) || is_unrecorded_and_expired(input)) return true;
  const api::AccessRequest& request = *input.request;
  const int observed = std::max(input.observed_decisions.value_or(0), request.status.observed_decisions);
  const auto deadline = approval_deadline(input);
  return request.status.phase != api::Phase::Active && deadline && input.now >= *deadline &&
         static_cast<int>(request.decisions.size()) > observed;
}

bool announces_tampering(const api::StatusEnding& ending) {
  return ending.reason == api::reason::kBindingChanged || ending.reason == api::reason::kStatusChanged;
}

std::string record_of_announced(const api::AccessRequest& request) {
  const api::StatusEnding& ending = *request.status.ending;
  const auto index = ending.reason == api::reason::kStatusChanged
                         ? std::optional(fingerprint(ending.message.str()))
                         : std::nullopt;
  return api::record_name(request.metadata.uid, api::AuditAction::Tampered, index);
}

Decision decide(const Input& input) {
  const api::AccessRequest& request = *input.request;
  // Existing access continues to its end: the refused write may concern something other than the grant.
  const bool has_access =
      input.binding && request.status.phase == api::Phase::Active && !input.request_is_gone;
  if (input.unstorable && !request.status.complete && !has_access) return end_unstorable(input);
  // Before anything is done that takes the status at its word, also a deletion.
  if (input.is_end_unrecorded) return input.granted_record ? end_falsified(input) : reject_falsified(input);
  if (input.is_ending_false && !input.request_is_gone) return refuse_false_ending(input);
  if (input.request_is_gone || request.metadata.deletion_timestamp) return decide_deleted(input);

  if (is_over(request.status)) return decide_complete(input);
  if (input.end_record) return end_as_recorded(input);
  if (request.status.phase == api::Phase::Active) return decide_active(input);
  return decide_pending(input);
}

Denial removal_denial() {
  return {.reason = std::string(api::reason::kCurfewRemoved),
          .message = "Curfew is being removed from this cluster, which ends all access"};
}

}  // namespace curfew::core
