#include <algorithm>

#include "api/names.hpp"
#include "core/paths.hpp"
#include "core/words.hpp"

namespace curfew::core {
namespace {

constexpr std::chrono::seconds kDeletionCheck{1};

// The earliest that anything says; what cannot be read has ended.
TimePoint effective_end(const Input& in) {
  std::optional<TimePoint> end = in.request->status.expires_at;
  const auto consider = [&end](std::optional<TimePoint> other) {
    if (other && (!end || *other < *end)) end = other;
  };
  if (in.granted_record) consider(in.granted_record->expires_at);
  if (in.binding) consider(end_of(*in.binding).value_or(in.now));
  return end.value_or(in.now);
}

Decision while_bound(const Input& in, Progress progress, const Tally& tally) {
  const api::RoleBinding& binding = *in.binding;
  const TimePoint end = effective_end(in);
  if (binding.metadata.deletion_timestamp || tally.revoked) return remove(binding);
  if (auto what = difference(*in.request, binding, in.request->status.expires_at)) return remove_changed(in, *what);
  if (in.now >= end) return remove(binding);
  note_decisions(in, tally, progress);
  return progress.done(std::nullopt, end);
}

Ending why_ended(const Input& in, const Progress& progress, const Tally& tally) {
  if (tally.revoked) return ending_by(in.request->decisions[*tally.revoked], api::Phase::Revoked);
  if (auto change = ending_by_change(progress)) return *change;
  const bool has_end = in.request->status.expires_at || in.granted_record;
  if (has_end && in.now >= effective_end(in) - in.settings.end_lead) {
    return {.phase = api::Phase::Expired, .reason = "Expired", .message = "access ended at " + format_rfc3339(effective_end(in)) + ", as granted"};
  }
  return {.phase = api::Phase::Revoked,
          .reason = std::string(api::reason::kBindingRemoved),
          .message = "RoleBinding " + api::binding_name(*in.request) + " was removed by somebody before its end, which ended the access"};
}

}  // namespace

Decision decide_active(const Input& input) {
  const Progress progress(input);
  const Tally counted = tally(input);
  if (input.binding) return while_bound(input, progress, counted);
  return end(input, progress, why_ended(input, progress, counted));
}

Decision remove_changed(const Input& input, const std::string& what) {
  Decision removal = remove(*input.binding);
  Progress progress(input);
  if (progress.condition_is(api::kGranted, "False", api::reason::kBindingChanged)) return removal;
  progress.condition(api::kGranted, "False", api::reason::kBindingChanged, what);
  progress.message(what);
  progress.step({.action = api::AuditAction::Tampered, .message = what, .is_warning = true, .doing = "Observe", .related = reference_to(*input.binding)});
  Decision decision = progress.done_after(removal);
  decision.wake_at = input.now + kDeletionCheck;
  return decision;
}

std::optional<Ending> ending_by_change(const Progress& progress) {
  const api::Condition* granted = api::find_condition(progress.status.conditions, api::kGranted);
  if (granted == nullptr || granted->status != "False" || granted->reason != api::reason::kBindingChanged) return std::nullopt;
  return Ending{.phase = api::Phase::Revoked, .reason = granted->reason, .message = granted->message};
}

}  // namespace curfew::core
