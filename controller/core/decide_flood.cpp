#include "api/names.hpp"
#include "core/paths.hpp"

namespace curfew::core {

Decision reject_flood(const Input& input) {
  const api::AccessRequest& request = *input.request;
  const auto& requester = request.spec.requester;
  const std::string who = requester ? requester->username : "somebody";
  Progress progress(input);
  close(input, progress, {.phase = api::Phase::Rejected, .reason = std::string(api::reason::kTooManyRequests), .message = input.flood->message});
  if (!input.flood->is_recorded) {
    const TimePoint requested_at = request.metadata.creation_timestamp;
    progress.step({.action = api::AuditAction::Rejected,
                   .message = input.flood->message + "; other requests of " + who + " that are rejected for this until " +
                              format_rfc3339(api::flood_record_until(requested_at)) + " have no record of their own",
                   .actor = requester,
                   .is_warning = true,
                   .record_name = api::flood_record_name(who, requested_at)});
  }
  return progress.done();
}

}  // namespace curfew::core
