#include "core/decide/trust.hpp"

#include "api/names.hpp"
#include "core/describe.hpp"

namespace curfew::core {

bool is_as_young_as_guard(const api::AccessRequest& request, const GuardState& guard) {
  // creationTimestamp is truncated to whole seconds.
  return request.metadata.creation_timestamp >= floor_to_second(guard.since);
}

bool is_believed(const Input& input, std::size_t index) {
  if (input.observed_decisions && index < static_cast<std::size_t>(*input.observed_decisions)) return true;
  if (!input.guard.in_force) return false;
  if (is_as_young_as_guard(*input.request, input.guard)) return true;
  return input.observed_decisions && index >= static_cast<std::size_t>(input.unwatched_decisions);
}

std::string describe_unbelieved(const api::Decision& decision) {
  return "this was " + std::string(past_tense(decision.verdict)) + " in the name of " +
         decision.person.username +
         ", by whom is not known: the admission policies that establish who decides were not in force, or nobody watched";
}

Ending ending_by_decision(const Input& input, std::size_t index, api::Phase phase) {
  const api::Decision& decision = input.request->decisions[index];
  if (is_believed(input, index)) return ending_by(decision, phase);
  return {.phase = phase,
          .reason = std::string(api::reason::kGuardNotInForce),
          .message = describe_unbelieved(decision)};
}

Ending ending_without_access(const Input& input, std::size_t index) {
  const bool denies = input.request->decisions[index].verdict == api::Verdict::Deny;
  return ending_by_decision(input, index, denies ? api::Phase::Denied : api::Phase::Withdrawn);
}

}  // namespace curfew::core
