#include "core/decide/decide.hpp"

#include "api/names.hpp"
#include "core/decide/phases.hpp"

namespace curfew::core {

bool is_over(const api::AccessRequestStatus& status) {
  return status.complete || (status.phase && api::is_terminal(*status.phase));
}

Decision decide(const Input& input) {
  const api::AccessRequest& request = *input.request;
  // Existing access continues to its end: the refused write may concern something other than the grant.
  const bool has_access =
      input.binding && request.status.phase == api::Phase::Active && !input.request_is_gone;
  if (input.unstorable && !request.status.complete && !has_access) return end_unstorable(input);
  // Before anything is done that takes the status at its word, also a deletion.
  if (input.is_end_unrecorded) return input.granted_record ? end_falsified(input) : reject_falsified(input);
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
