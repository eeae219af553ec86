#include "api/names.hpp"
#include "core/decide/phases.hpp"

namespace curfew::core {

Decision reject_flood(const Input& input) {
  return end_summarised(input, DecisionBuilder(input),
                        {.phase = api::Phase::Rejected,
                         .reason = std::string(api::reason::kTooManyRequests),
                         .message = input.flood->message},
                        input.flood->summary);
}

Decision end_summarised(const Input& input, DecisionBuilder builder, const Ending& ending,
                        const RecordSummary& summary) {
  close(input, builder, ending);
  if (!summary.is_recorded) {
    builder.step({.action = api::AuditAction::Rejected,
                  .message = summary.message,
                  .actor = input.request->spec.requester,
                  .is_warning = true,
                  .record_name = summary.record_name});
  }
  return builder.done(NextLook::never());
}

}  // namespace curfew::core
