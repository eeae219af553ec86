#include "api/names.hpp"
#include "core/paths.hpp"

namespace curfew::core {

Decision decide_deleted(const Input& input) {
  const api::AccessRequest& request = *input.request;
  const bool is_active = request.status.phase == api::Phase::Active;
  if (input.binding && (is_active || is_ours(request, *input.binding))) return remove(*input.binding);
  if (request.status.complete) return {};

  if (input.flood && !request.status.phase) return reject_flood(input);

  const bool with_namespace = namespace_is_going(input);
  const std::string name = with_namespace ? "namespace " + request.metadata.name_space : std::string(api::AccessRequest::kKind) + " " + api::to_string(request.metadata.key());
  const bool had_access = is_active || input.granted_record.has_value();
  return end(input, Progress(input), {.phase = had_access ? api::Phase::Revoked : api::Phase::Withdrawn,
                                      .reason = std::string(with_namespace ? api::reason::kNamespaceDeleted : api::reason::kRequestDeleted),
                                      .message = name + " was deleted" + (had_access ? ", which ended the access" : " before anything was granted")});
}

Decision decide_complete(const Input& input) {
  const api::AccessRequest& request = *input.request;
  if (input.binding && is_ours(request, *input.binding)) return remove(*input.binding);
  if (!request.status.complete) {  // half a status is none of ours, but an end is an end
    api::AccessRequestStatus status = request.status;
    status.complete = true;
    if (!status.ended_at) status.ended_at = floor_to_second(input.now);
    return {.actions = {UpdateStatus{status}}, .wake_at = std::nullopt};
  }
  return {};
}

}  // namespace curfew::core
