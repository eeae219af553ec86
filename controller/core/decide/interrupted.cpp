#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/names.hpp"
#include "core/check/check.hpp"
#include "core/check/timing.hpp"
#include "core/decide/phases.hpp"
#include "util/duration.hpp"

// A grant whose binding exists, or existed until its time was up, and whose Granted record does not: a crash,
// or a lost answer. The records of the request and of its approvals were written before the binding.
namespace curfew::core {
namespace {

// The clock of the replica that made the binding may have been ahead of the API server's.
constexpr std::chrono::seconds kMaxClockLead{5};

// How many approvals the binding needs: as many as the policy requires now or required at the last look,
// which the status tells, because it may have changed since. Whoever may write the status cannot make it
// none.
std::size_t required_approvals(const Input& in) {
  const int by_policy = in.policy ? std::max(0, in.policy->spec.approval.required) : -1;
  const std::string figures(in.request->status.approvals);  // "0/1"
  int by_status = 0;
  const auto slash = figures.find('/');
  const char* const end = figures.data() + figures.size();
  const bool is_said =
      slash != std::string::npos && std::from_chars(figures.data() + slash + 1, end, by_status).ptr == end;
  if (!is_said) return static_cast<std::size_t>(in.policy ? by_policy : 1);
  return static_cast<std::size_t>(
      std::max(0, in.policy ? std::min(by_policy, std::max(by_status, 1)) : by_status));
}

// The approvers that the binding names; nullopt if it does not say who they are.
std::optional<std::vector<std::string>> named_approvers(const api::RoleBinding& binding) {
  const auto said = binding.metadata.annotations.find(std::string(api::kApprovedByAnnotation));
  if (said == binding.metadata.annotations.end()) return std::nullopt;
  const auto names = nlohmann::json::parse(said->second, nullptr, false);
  if (!names.is_array()) return std::nullopt;
  std::vector<std::string> approvers;
  for (const auto& name : names) {
    if (!name.is_string()) return std::nullopt;
    approvers.push_back(name.get<std::string>());
  }
  return approvers;
}

// Whether as many approvals as are needed are on record of all whom the binding names. Of those on record,
// some may not have counted.
bool is_approved(const Input& in, const std::vector<std::string>& named) {
  return named.size() >= required_approvals(in) && std::ranges::all_of(named, [&](const std::string& name) {
           return std::ranges::find(in.recorded_approvers, name) != in.recorded_approvers.end();
         });
}

Span span_of(const api::RoleBinding& binding, std::chrono::seconds duration, bool is_extension) {
  const TimePoint made = floor_to_second(binding.metadata.creation_timestamp);
  const TimePoint end = api::stated_end(binding).value_or(made);
  return {.granted_at = is_extension ? made : std::max(made, end - duration), .expires_at = end};
}

// The latest end that a grant of this request can have got when the binding was made; nullopt if it got none
// then.
std::optional<TimePoint> latest_end_of_binding(const Input& in, TimePoint made,
                                               std::chrono::seconds duration) {
  if (in.request->spec.extends.empty()) {
    const TimePoint latest = made + duration + kMaxClockLead;
    return earlier(latest, requested_end(in));
  }
  // The status may be forged: what was extended counts as its own records and binding say.
  const auto& pinned = in.request->status.extends;
  if (!pinned || !in.extended || !in.extended->access || in.extended->access->uid != pinned->uid)
    return std::nullopt;
  const api::ExtendedRef& access = *in.extended->access;
  const TimePoint from = std::min(pinned->expires_at, access.expires_at);
  if (made > from + kMaxClockLead) return std::nullopt;
  return earlier(from + duration, extendable_until(in, access.since));
}

// Whether the time that was asked for had come when the binding was made. The policy's schedule may be
// another by now: whether it was open then is judged when the grant goes on.
bool was_due(const Input& in, TimePoint made) {
  const auto start = requested_start(*in.request);
  return !start || made + kMaxClockLead >= *start;
}

// The binding that no record tells of; requires is_unrecorded_grant() or is_unrecorded_and_expired().
const api::RoleBinding& unrecorded_binding(const Input& in) {
  return in.binding ? *in.binding : *in.gone_binding;
}

Grant interrupted_grant(const Input& in, DecisionBuilder& builder, std::chrono::seconds duration) {
  const api::RoleBinding& binding = unrecorded_binding(in);
  builder.status.approved_by = named_approvers(binding).value_or(std::vector<std::string>());
  pin_extended(in, builder);
  return grant_of(*in.request, builder.status, span_of(binding, duration, !in.request->spec.extends.empty()));
}

// With the owner reference that the garbage collector removes after `kubectl delete --cascade=orphan`.
api::RoleBinding with_owner(const Input& in, const Grant& grant) {
  api::RoleBinding binding = unrecorded_binding(in);
  if (binding.metadata.owner_references.empty())
    binding.metadata.owner_references = binding_for(*in.request, grant, in.where).metadata.owner_references;
  return binding;
}

}  // namespace

bool is_unrecorded_and_expired(const Input& input) {
  if (input.binding || !input.gone_binding || !input.is_unrecorded) return false;
  const auto end = api::stated_end(*input.gone_binding);
  return end && has_expired(input, input, *end) && is_named_for(*input.request, *input.gone_binding);
}

bool is_interrupted_grant(const Input& input) {
  const bool are_all_there = std::ranges::all_of(input.others, [&](const Place& other) {
    return other.binding && input.binding &&
           api::stated_end(*other.binding) == api::stated_end(*input.binding);
  });
  return are_all_there && has_made_bindings(input);
}

bool has_made_bindings(const Input& input) {
  if (!is_unrecorded_grant(input) && !is_unrecorded_and_expired(input)) return false;
  const api::RoleBinding& binding = unrecorded_binding(input);
  const TimePoint made = floor_to_second(binding.metadata.creation_timestamp);
  // Otherwise anybody may have made it.
  if (!input.guard.in_force || made < floor_to_second(input.guard.since)) return false;
  DecisionBuilder builder(input);
  const auto duration = parse_duration(builder.status.duration);
  const auto approvers = named_approvers(binding);
  if (!duration || !approvers || !is_approved(input, *approvers)) return false;
  const Grant grant = interrupted_grant(input, builder, *duration);
  const auto latest = latest_end_of_binding(input, made, *duration);
  if (!latest) return false;
  const bool are_others_alike = std::ranges::all_of(input.others, [&](const Place& other) {
    return !other.binding || !difference(*input.request, *other.binding, latest);
  });
  return are_others_alike && !difference(*input.request, with_owner(input, grant), latest) &&
         was_due(input, made);
}

Decision record_interrupted(const Input& input) {
  if (input.grant_failure && input.binding) return remove(input);  // its record was refused
  DecisionBuilder builder(input);
  const auto duration = parse_duration(builder.status.duration).value_or(std::chrono::seconds(0));
  const Grant grant = interrupted_grant(input, builder, duration);
  set_times(input, builder, grant.span);
  builder.record(granted_step(grant, api::reference_to(unrecorded_binding(input))));
  builder.status = input.request->status;  // the next look goes on from the record
  return builder.done(NextLook::at(input.now + std::chrono::milliseconds(1)));
}

}  // namespace curfew::core
