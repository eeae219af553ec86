#include "core/check/absence.hpp"

#include <algorithm>

#include "core/effective.hpp"
#include "core/grant.hpp"
#include "core/policy/selector.hpp"

namespace curfew::core {
namespace {

// A recreated aggregated ClusterRole has no rules until the control plane has filled them in.
bool is_being_aggregated(const Input& in) {
  const api::AccessRequestStatus& status = in.request->status;
  return in.role && in.role->is_aggregated && !status.role_uid.empty() && in.role->uid != status.role_uid &&
         in.role->rules_hash != status.role_rules_hash;
}

bool role_is_away(const Input& in) {
  return effective_role(*in.request, in.policy.get()) && (!in.role || is_being_aggregated(in));
}

bool covers_namespace(const Input& in) {
  if (scope_of(*in.request).is_cluster_wide()) return in.policy != nullptr;
  return in.policy && std::ranges::all_of(places(in), [&](const Place* place) {
           return place->has_ended || reaches(in.policy->spec.namespaces, place->where, place->ns.get());
         });
}

// The namespace is no longer selected, although the policy is the one that selected it. After a restart,
// which of the two has changed is not known.
bool labels_are_away(const Input& in, bool is_covered, const Presence& before) {
  if (!in.policy || !in.policy->spec.namespaces.selector || is_covered || !had_policy(*in.request))
    return false;
  const api::ObjectMeta& meta = in.policy->metadata;
  return before.policy_uid.empty() ||
         (before.policy_uid == meta.uid && before.policy_generation == meta.generation);
}

}  // namespace

Presence observe_presence(const Input& input, const Presence& before) {
  Presence now = before;
  const bool is_covered = covers_namespace(input);
  const bool of_labels = labels_are_away(input, is_covered, before);
  const TimePoint since = before.absence ? before.absence->since : input.now;
  now.absence.reset();
  if (!input.policy || role_is_away(input) || of_labels)
    now.absence = Absence{.since = since, .of_labels = of_labels};
  if (is_covered) {
    now.policy_uid = input.policy->metadata.uid;
    now.policy_generation = input.policy->metadata.generation;
  }
  return now;
}

std::optional<TimePoint> may_return_until(const Input& input, const std::optional<Denial>& denial) {
  if (!denial || !denial->may_pass) return std::nullopt;
  TimePoint from = input.request->metadata.creation_timestamp;
  if (input.absence && had_policy(*input.request)) from = std::max(from, input.absence->since);
  const TimePoint until = from + input.settings.not_found_grace;
  return input.now < until ? std::optional(until) : std::nullopt;
}

}  // namespace curfew::core
