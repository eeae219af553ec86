#include <algorithm>
#include <charconv>
#include <string_view>

#include "api/names.hpp"
#include "core/check/check.hpp"
#include "core/check/timing.hpp"
#include "core/decide/phases.hpp"
#include "util/duration.hpp"

// A grant whose binding exists and whose Granted record does not: a crash, or a lost answer. The records of
// the request and of its approvals were written before the binding.
namespace curfew::core {
namespace {

// The clock of the replica that made the binding may have been ahead of the API server's.
constexpr std::chrono::seconds kMaxClockLead{5};

// As the request's status says since the last look, "0/1"; otherwise as the policy does.
std::optional<std::size_t> required_approvals(const Input& in) {
  const std::string figures(in.request->status.approvals);
  if (const auto slash = figures.find('/'); slash != std::string::npos) {
    std::size_t required = 0;
    const char* const end = figures.data() + figures.size();
    if (std::from_chars(figures.data() + slash + 1, end, required).ptr == end) return required;
  }
  if (!in.policy) return std::nullopt;
  return static_cast<std::size_t>(std::max(0, in.policy->spec.approval.required));
}

Span span_of(const api::RoleBinding& binding, std::chrono::seconds duration) {
  const TimePoint made = floor_to_second(binding.metadata.creation_timestamp);
  const TimePoint end = api::stated_end(binding).value_or(made);
  return {.granted_at = std::max(made, end - duration), .expires_at = end};
}

// Whether the grant was due when the binding was made.
bool was_due(const Input& in, TimePoint made) {
  if (!in.policy) return true;  // ended for that
  Input then = in;
  const auto start = requested_start(*in.request);
  then.now = start ? std::max(made, std::min(*start, made + kMaxClockLead)) : made;
  return !first_denial(timing_checks(), then);
}

Grant interrupted_grant(const Input& in, DecisionBuilder& builder, std::chrono::seconds duration) {
  builder.status.approved_by = in.recorded_approvers;
  return grant_of(*in.request, builder.status, span_of(*in.binding, duration));
}

// With the owner reference that the garbage collector removes after `kubectl delete --cascade=orphan`.
api::RoleBinding with_owner(const Input& in, const Grant& grant) {
  api::RoleBinding binding = *in.binding;
  if (binding.metadata.owner_references.empty())
    binding.metadata.owner_references = binding_for(*in.request, grant).metadata.owner_references;
  return binding;
}

}  // namespace

bool is_interrupted_grant(const Input& input) {
  if (!is_unrecorded_grant(input)) return false;
  const TimePoint made = floor_to_second(input.binding->metadata.creation_timestamp);
  // Otherwise anybody may have made it.
  if (!input.guard.in_force || made < floor_to_second(input.guard.since)) return false;
  DecisionBuilder builder(input);
  const auto duration = parse_duration(builder.status.duration);
  const auto required = required_approvals(input);
  if (!duration || !required || input.recorded_approvers.size() < *required) return false;
  const Grant grant = interrupted_grant(input, builder, *duration);
  auto latest = made + *duration + kMaxClockLead;
  if (const auto fixed = requested_end(input)) latest = std::min(latest, *fixed);
  const std::string annotation(api::kApprovedByAnnotation);
  const auto said = input.binding->metadata.annotations.find(annotation);
  return !difference(*input.request, with_owner(input, grant), latest) &&
         said != input.binding->metadata.annotations.end() &&
         said->second == binding_for(*input.request, grant).metadata.annotations.at(annotation) &&
         was_due(input, made);
}

Decision record_interrupted(const Input& input) {
  if (input.grant_failure) return remove(*input.binding);  // its record was refused
  DecisionBuilder builder(input);
  const auto duration = parse_duration(builder.status.duration).value_or(std::chrono::seconds(0));
  const Grant grant = interrupted_grant(input, builder, duration);
  set_times(input, builder, grant.span);
  builder.record(granted_step(grant, api::reference_to(*input.binding)));
  builder.status = input.request->status;  // the next look goes on from the record
  return builder.done(NextLook::at(input.now + std::chrono::milliseconds(1)));
}

}  // namespace curfew::core
