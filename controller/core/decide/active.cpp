#include <algorithm>

#include "api/managed_binding.hpp"
#include "api/names.hpp"
#include "core/check/absence.hpp"
#include "core/check/check.hpp"
#include "core/check/checks.hpp"
#include "core/check/timing.hpp"
#include "core/decide/phases.hpp"
#include "core/decide/review.hpp"
#include "core/decide/trust.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"

namespace curfew::core {
namespace {

constexpr std::chrono::seconds kDeletionCheck{1};

// The end that was granted: the earlier of those in the status and in the Granted record.
std::optional<TimePoint> granted_end(const Input& in) {
  return earlier(in.request->status.expires_at,
                 in.granted_record ? in.granted_record->expires_at : std::nullopt);
}

// The earliest end in status, record and bindings; an unreadable end counts as reached.
TimePoint effective_end(const Input& in) {
  auto end = granted_end(in);
  for (const Place* place : places(in)) {
    if (place->binding) end = earlier(end, api::stated_end(*place->binding).value_or(in.now));
  }
  return end.value_or(in.now);
}

// What the policy in force no longer allows; nullopt if nothing, or if its onChange: Keep lets grants run to
// their end. A terminating namespace deletes the request too, without a denial.
std::optional<Denial> enforced_denial(const Input& in) {
  const std::string& on_change = in.policy ? in.policy->spec.on_change : in.request->status.on_change.str();
  if (on_change == api::kKeep || namespace_is_going(in)) return std::nullopt;
  return first_lasting_denial(active_checks(), in);
}

// Keeps in the status why access is about to end, to be reported once the binding is gone.
void announce(DecisionBuilder& builder, const Denial& why) {
  builder.ending(why.reason, why.message);
  builder.condition(api::kGranted, "False", why.reason, why.message);
  builder.message(why.message);
}

// Deletes the binding, and says why in the status.
Decision remove_denied(const Input& in, DecisionBuilder builder, const Denial& denial) {
  announce(builder, denial);
  return builder.done_after(remove(in, denial), NextLook::at(in.now + kDeletionCheck));
}

// The policy in force allows less time than was granted: moves the end to the earlier time, in the binding
// before the status.
Decision shorten(const Input& in, DecisionBuilder builder, const LatestEnd& latest) {
  const std::string message = "access ends at " + format_rfc3339(latest.time) +
                              ", sooner than granted: under " + describe(*in.policy) + " " + latest.why;
  builder.status.expires_at = latest.time;
  builder.message(message);
  builder.step(
      {.action = api::AuditAction::Shortened,
       .message = message,
       .index = std::chrono::duration_cast<std::chrono::seconds>(latest.time.time_since_epoch()).count(),
       .is_warning = true,
       .doing = "Shorten",
       .related = object_of(api::reference_to(*in.binding))});
  std::vector<Action> changes;
  for (const Place* place : places(in)) {
    if (place->binding)
      changes.emplace_back(
          ShortenBinding{.binding = api::reference_to(*place->binding), .expires_at = latest.time});
  }
  return builder.done(NextLook::at(latest.time), std::move(changes));
}

std::optional<LatestEnd> enforced_end(const Input& in) {
  if (!in.policy || in.policy->spec.on_change == api::kKeep) return std::nullopt;
  auto latest = latest_end(in, in.request->status.granted_at.value_or(in.now), effective_extends(in));
  if (latest) latest->time = floor_to_second(latest->time);
  return latest;
}

// An aggregated role changes with other ClusterRoles: reports that once and never ends the access.
void report_drift(const Input& in, DecisionBuilder& builder) {
  const auto& status = in.request->status;
  if (!in.role || !in.role->is_aggregated || !status.role_ref || status.role_rules_hash.empty() ||
      in.role->rules_hash == status.role_rules_hash)
    return;
  if (builder.condition_is(api::kRoleDrifted, "True", api::reason::kRoleChanged)) return;
  const std::string message =
      describe(*status.role_ref) +
      ", which is aggregated from others, allows something else than when it was asked for; access goes on";
  builder.condition(api::kRoleDrifted, "True", api::reason::kRoleChanged, message);
  builder.warn(api::reason::kRoleChanged, message);
}

// Access under onChange: Keep continues without its policy. The guard reads this condition, because an
// admission policy cannot detect that an AccessPolicy does not exist.
void report_missing_policy(const Input& in, DecisionBuilder& builder) {
  if (in.policy) return builder.drop_condition(api::kPolicyMissing);
  builder.condition(
      api::kPolicyMissing, "True", api::reason::kPolicyNotFound,
      "AccessPolicy " + in.request->spec.policy +
          " is gone; access goes on until its end, and its requester, its subject and those who approved it may revoke it");
}

// Says once, some time before the end, that access ends and may be extended. Returns when to say it, if that
// is to come.
std::optional<TimePoint> warn_of_expiry(const Input& in, DecisionBuilder& builder, TimePoint end) {
  const auto& status = builder.status;
  const auto before = in.settings.expiry_warning;
  const bool may_be_extended = in.policy && status.extendable_until && end < *status.extendable_until;
  if (before <= std::chrono::seconds(0) || in.is_extended || in.is_warned || !may_be_extended ||
      !status.granted_at || end - *status.granted_at <= before)
    return std::nullopt;
  if (in.now < end - before) return end - before;
  const api::ObjectMeta& meta = in.request->metadata;
  const std::string which = meta.name + (meta.ns.empty() ? " --cluster-wide" : " -n " + meta.ns);
  builder.inform(api::kExpiresSoon, "access ends at " + format_rfc3339(end) +
                                        ": to ask for more, kubectl curfew extend " + which +
                                        " --for DURATION");
  return std::nullopt;
}

// When to look again for the record of how the extended access ended, while there is none.
std::optional<TimePoint> end_check(const Input& in) {
  if (!in.extended || !in.extended->is_end_unknown) return std::nullopt;
  return in.now + kDeletionCheck;
}

// What was to end the access has passed before the binding could be deleted.
void withdraw_ending(DecisionBuilder& builder) {
  const std::string message = "access until " + format_rfc3339(*builder.status.expires_at);
  builder.status.ending.reset();
  builder.message(message);
  builder.condition(api::kGranted, "True", api::reason::kBindingCreated, message);
}

// Access in a namespace that was deleted has ended with it, and goes on in the others.
void note_ended_namespace(const Input& in, DecisionBuilder& builder, const Place& place) {
  builder.status.ended_namespaces.push_back(place.where);
  const std::string message = "namespace " + place.where + " was deleted, which ended the access there";
  const auto& all = in.request->spec.namespaces;
  builder.step({.action = api::AuditAction::Narrowed,
                .message = message,
                .index = std::ranges::find(all, place.where) - all.begin(),
                .is_warning = true,
                .doing = "Observe"});
  builder.message(message + "; access until " + format_rfc3339(effective_end(in)) + " in the others");
}

// Of a request for several namespaces: what follows from a binding that is gone while others are there;
// nullopt if nothing but what is noted in `builder`.
std::optional<Decision> after_loss(const Input& in, DecisionBuilder& builder, TimePoint end) {
  for (const Place& place : in.others) {
    if (place.binding || place.has_ended) continue;
    if (builder.status.ending || in.deleted_for || place.is_deleted_here || has_expired(in, place, end))
      return remove(in, in.deleted_for);
    if (!is_going(place)) return remove_denied(in, builder, binding_removed(in, place));
    note_ended_namespace(in, builder, place);
  }
  return std::nullopt;
}

Decision while_bound(const Input& in, DecisionBuilder builder, const Tally& tally) {
  const TimePoint end = effective_end(in);
  const bool goes_with_namespace = !in.others.empty() && is_going(in);
  if ((in.binding->metadata.deletion_timestamp && !goes_with_namespace) || tally.revoked) return remove(in);
  if (auto what = tampering(in, granted_end(in))) return remove_changed(in, *what);
  if (in.now >= end) return remove(in);
  if (auto lost = after_loss(in, builder, end)) return *lost;
  if (in.settings.ends_all) return remove_denied(in, builder, removal_denial());
  if (const auto ended = checks::extended_has_not_ended_early(in)) return remove_denied(in, builder, *ended);
  const auto denial = enforced_denial(in);
  // What the access rests on may be back in a moment.
  const auto away_until = may_return_until(in, denial);
  if (denial && !away_until) return remove_denied(in, builder, *denial);
  const bool policy_is_away = away_until && !in.policy;
  if (!policy_is_away) note_decisions(in, tally, builder);  // it says who may revoke
  report_drift(in, builder);
  if (!policy_is_away) report_missing_policy(in, builder);
  if (const auto latest = enforced_end(in); latest && latest->time < end) {
    if (latest->time > in.now) return shorten(in, builder, *latest);
    return remove_denied(in, builder,
                         {.reason = std::string(api::reason::kDurationTooLong),
                          .message = "access would have ended at " + format_rfc3339(latest->time) +
                                     ": under " + describe(*in.policy) + " " + latest->why});
  }
  builder.status.expires_at = end;
  builder.status.review = review_terms(in);
  set_extendable(in, builder);
  if (builder.status.ending) withdraw_ending(builder);
  const auto warning = warn_of_expiry(in, builder, end);
  return builder.done(NextLook::at(*earlier(earlier(end, away_until), earlier(warning, end_check(in)))));
}

Ending why_ended(const Input& in, const DecisionBuilder& builder, const Tally& tally) {
  if (tally.revoked) return ending_by_decision(in, *tally.revoked, api::Phase::Revoked);
  if (auto ending = ending_announced(in, builder)) return *ending;
  const bool has_end = in.request->status.expires_at || in.granted_record;
  if (has_end && has_expired(in, in, effective_end(in))) return ending_by_time(effective_end(in));
  // It went before this replica watched it, and Curfew has reason to end the access: a crash may have kept
  // the former leader from saying so.
  if (!in.binding_gone_at) {
    if (const auto denial = enforced_denial(in)) return ending_for(*denial);
  }
  if (in.has_ended || is_going(in)) {
    return {.phase = api::Phase::Revoked,
            .reason = std::string(api::reason::kNamespaceDeleted),
            .message = "namespace " + in.where + " was deleted, which ended the access"};
  }
  return ending_for(binding_removed(in, in));
}

// Only the status claims that there is access, so its details are not trusted: Curfew writes the Granted
// record before such a status.
Decision end_never_granted(const Input& in, DecisionBuilder builder) {
  const std::string message =
      "somebody set status.phase to Active: no AuditRecord says that access was granted, and there was none";
  auto& status = builder.status;
  status.granted_at.reset();
  status.expires_at.reset();
  status.extendable_until.reset();
  status.binding_name.clear();
  status.approvals.clear();
  status.approved_by.clear();
  builder.tampering(message, fingerprint(message));
  return end(in, builder,
             {.phase = api::Phase::Rejected,
              .reason = std::string(api::reason::kStatusChanged),
              .message = message});
}

// The beginning of a sentence.
std::string describe_false_end(const api::AccessRequestStatus& said) {
  const std::string field = said.phase && api::is_terminal(*said.phase)
                                ? "status.phase to " + std::string(api::to_string(*said.phase))
                                : "status.complete";
  return "somebody set " + field + ", although no AuditRecord says ";
}

}  // namespace

Decision decide_active(const Input& input) {
  const DecisionBuilder builder(input);
  if (!input.binding && input.is_unrecorded && !ends_by_change(builder))
    return end_never_granted(input, builder);
  const Tally counted = tally(input);
  if (input.binding) return while_bound(input, builder, counted);
  return end(input, builder, why_ended(input, builder, counted));
}

bool has_expired(const Input& input, const Place& place, TimePoint end) {
  if (place.binding) return input.now >= end;
  const auto lead = place.is_deleted_here ? api::kMaxEndLead : input.settings.end_lead;
  // However late this look is.
  const TimePoint gone_at = place.is_deleted_here ? input.now : place.binding_gone_at.value_or(input.now);
  return gone_at >= end - lead;
}

Ending ending_by_time(TimePoint end) {
  return {.phase = api::Phase::Expired,
          .reason = "Expired",
          .message = "access ended at " + format_rfc3339(end) + ": its time was up"};
}

Denial binding_removed(const Input& input, const Place& place) {
  return {.reason = std::string(api::reason::kBindingRemoved),
          .message = describe_binding(input, place) +
                     " was removed by somebody before its end, which ended the access"};
}

Decision remove_changed(const Input& input, const std::string& what) {
  const Denial why{.reason = std::string(api::reason::kBindingChanged), .message = what};
  Decision removal = remove(input, why);
  DecisionBuilder builder(input);
  if (ends_by_change(builder)) return removal;
  announce(builder, why);
  builder.tampering(what, std::nullopt, object_of(api::reference_to(*input.binding)));
  return builder.done_after(removal, NextLook::at(input.now + kDeletionCheck));
}

Decision end_falsified(const Input& input) {
  const std::string what = describe_false_end(input.request->status) + "that access ended: it was ended";
  DecisionBuilder builder(input);
  // Active and about to end: from here on handled like any access that Curfew has decided to end.
  builder.status.phase = api::Phase::Active;
  builder.status.complete = false;
  builder.status.ended_at.reset();
  const Denial why{.reason = std::string(api::reason::kStatusChanged), .message = what};
  announce(builder, why);
  builder.tampering(what, fingerprint(what));
  const NextLook next = NextLook::at(input.now + kDeletionCheck);
  return input.binding ? builder.done_after(remove(input, why), next) : builder.done(next);
}

namespace {

Decision reject_as(const Input& input, const std::string& what) {
  if (input.binding && is_named_for(*input.request, *input.binding))
    return remove_forged(input, *tampering(input, std::nullopt));
  DecisionBuilder builder(input);
  builder.status.phase = api::Phase::Pending;
  builder.status.complete = false;
  builder.status.ended_at.reset();
  announce(builder, {.reason = std::string(api::reason::kStatusChanged), .message = what});
  builder.tampering(what, fingerprint(what));
  return builder.done(NextLook::at(input.now + kDeletionCheck));
}

}  // namespace

Decision reject_falsified(const Input& input) {
  return reject_as(input, describe_false_end(input.request->status) + "that this request ended: ask again");
}

Decision refuse_false_ending(const Input& input) {
  const std::string what = "somebody set status.ending, although Curfew did not announce an end";
  if (input.request->status.phase != api::Phase::Active) return reject_as(input, what + ": ask again");
  DecisionBuilder builder(input);
  builder.tampering(what, fingerprint(what));
  return builder.done(NextLook::at(input.now + kDeletionCheck));
}

std::optional<Ending> ending_announced(const Input& input, const DecisionBuilder& builder) {
  if (const auto& ending = builder.status.ending)
    return Ending{.phase = api::Phase::Revoked, .reason = ending->reason, .message = ending->message};
  if (!input.deleted_for) return std::nullopt;
  return ending_for(*input.deleted_for);
}

bool ends_by_change(const DecisionBuilder& builder) {
  return builder.status.ending && builder.status.ending->reason == api::reason::kBindingChanged;
}

}  // namespace curfew::core
