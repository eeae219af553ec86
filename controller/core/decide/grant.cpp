#include <algorithm>

#include "api/names.hpp"
#include "core/check/absence.hpp"
#include "core/check/check.hpp"
#include "core/check/timing.hpp"
#include "core/decide/phases.hpp"
#include "core/decide/review.hpp"
#include "core/decide/trust.hpp"
#include "core/describe.hpp"
#include "util/duration.hpp"

namespace curfew::core {
namespace {

// A grant that is recorded but not in the status: its times, and what is wrong with the record of them.
struct Begun {
  Span times;
  bool was_bound = false;        // the record names the binding that existed
  std::optional<Denial> broken;  // set if the Granted record does not match this request
};

// Whether the record says of an extension what the status has pinned, or an earlier end of it, which a grant
// uses.
bool extends_the_same(const api::AccessRequest& request, const api::AuditRecord& record) {
  const auto& pinned = request.status.extends;
  if (!record.extends) return request.spec.extends.empty();
  return record.extends->name == request.spec.extends &&
         (!pinned || (record.extends->uid == pinned->uid && record.extends->since <= pinned->since &&
                      record.extends->expires_at <= pinned->expires_at));
}

// Whether the recorded times are those of a grant of that duration.
bool has_span_of(const api::AuditRecord& record, std::chrono::seconds duration) {
  const TimePoint from = record.extends ? record.extends->expires_at : *record.granted_at;
  return *record.expires_at - from <= duration;
}

std::optional<Denial> changed_record(const Input& in, const DecisionBuilder& builder,
                                     const api::AuditRecord& record) {
  const auto& status = builder.status;
  const bool fits = record.action == api::AuditAction::Granted &&
                    record.request.uid == in.request->metadata.uid && record.granted_at &&
                    record.expires_at && record.role == status.role_ref && record.subject == status.subject &&
                    record.duration == status.duration && parse_duration(status.duration) &&
                    has_span_of(record, *parse_duration(status.duration)) &&
                    extends_the_same(*in.request, record);
  if (fits) return std::nullopt;
  return Denial{std::string(api::reason::kRecordChanged),
                "AuditRecord " + record.metadata.name +
                    " is there already and does not record this grant: it is not Curfew's, or was changed"};
}

std::optional<Begun> grant_begun(const Input& in, const DecisionBuilder& builder) {
  if (!in.granted_record) return std::nullopt;
  const api::AuditRecord& record = *in.granted_record;
  return Begun{.times = {.granted_at = record.granted_at.value_or(in.now),
                         .expires_at = record.expires_at.value_or(in.now)},
               .was_bound = record.binding && !record.binding->uid.empty(),
               .broken = changed_record(in, builder, record)};
}

// Why the grant was not due when its binding was made, under the policy in force now.
std::optional<Denial> closed_at(const Input& in, TimePoint granted_at) {
  Input then = in;
  then.now = std::max(granted_at, requested_start(*in.request).value_or(granted_at));
  return first_denial(timing_checks(), then);
}

// Until there is access, the policy in force must justify the grant, or it is not made. `denial`: of the
// grant's checks.
std::optional<Ending> why_not_resumed(const Input& in, const DecisionBuilder& builder, const Tally& tally,
                                      const Begun& begun, const std::optional<Denial>& denial) {
  if (begun.broken) return ending_for(*begun.broken);
  if (!in.binding) {
    if (ends_by_change(builder)) return ending_announced(in, builder);
  }
  if (tally.ending) return ending_by_decision(in, *tally.ending, api::Phase::Revoked);
  const TimePoint end = begun.times.expires_at;
  if (begun.was_bound ? has_expired(in, in, end) : in.now >= end) return ending_by_time(end);
  if (in.settings.ends_all) return ending_for(removal_denial());
  if (!in.binding && begun.was_bound)
    return ending_announced(in, builder).value_or(ending_for(binding_removed(in, in)));
  if (denial) return may_return_until(in, denial) ? std::nullopt : std::optional(ending_for(*denial));
  if (auto closed = closed_at(in, begun.times.granted_at)) return ending_for(*closed);
  // Others may have been given since.
  if (auto over = first_denial(limit_checks(), in)) return ending_for(*over);
  if (!tally.quorum()) {
    return ending_for(
        {std::string(api::reason::kNotEnoughApprovals),
         "the approvals no longer suffice: " + tally.figures() + " under " + describe(*in.policy)});
  }
  return std::nullopt;
}

}  // namespace

void approve(const Input& in, DecisionBuilder& builder, const Tally& tally) {
  auto& status = builder.status;
  status.approvals = tally.figures();
  status.approved_by = tally.approved_by;
  if (!status.approved_at) status.approved_at = floor_to_second(in.now);
  if (tally.required == 0) {
    builder.condition(api::kApproved, "True", api::reason::kNoApprovalNeeded,
                      describe(*in.policy) + " grants without approval");
  } else {
    builder.condition(api::kApproved, "True", api::reason::kQuorumReached,
                      "approved by " + joined(tally.approved_by) + " (" + tally.figures() + ")");
  }
}

DecisionBuilder::Step granted_step(const Grant& grant, const api::BindingRef& binding) {
  return {.action = api::AuditAction::Granted,
          .message = describe(grant),
          .doing = "Grant",
          .related = object_of(binding)};
}

void pin_extended(const Input& in, DecisionBuilder& builder) {
  auto& extends = builder.status.extends;
  if (!extends || !in.extended || !in.extended->access) return;
  const TimePoint pinned = extends->expires_at;
  extends = in.extended->access;
  extends->expires_at = std::min(extends->expires_at, pinned);
}

void set_extendable(const Input& in, DecisionBuilder& builder) {
  auto& status = builder.status;
  if (!in.policy || !status.granted_at) return;
  status.extendable_until = extendable_until(in, status.extends ? status.extends->since : *status.granted_at);
}

void set_times(const Input& in, DecisionBuilder& builder, const Span& times) {
  builder.status.granted_at = times.granted_at;
  builder.status.expires_at = times.expires_at;
  builder.status.binding_name = api::binding_name(*in.request);
  if (in.granted_record)
    builder.status.review = in.granted_record->review;
  else if (in.policy)
    builder.status.review = review_terms(*in.policy);
}

namespace {

void activate(const Input& in, DecisionBuilder& builder, const DecisionBuilder::Step& step) {
  builder.status.phase = api::Phase::Active;
  builder.status.on_change = in.policy->spec.on_change;
  set_extendable(in, builder);
  builder.message("access until " + format_rfc3339(*builder.status.expires_at));
  builder.condition(api::kGranted, "True", api::reason::kBindingCreated, step.message);
  builder.emit_event(step);
}

// Whether the Granted condition already reports this failure.
bool is_known_trouble(const DecisionBuilder& builder, std::string_view reason, std::string_view message) {
  const api::Condition* granted = api::find_condition(builder.status.conditions, api::kGranted);
  return granted != nullptr && granted->status == "False" && granted->reason == reason &&
         fingerprint(granted->message) == fingerprint(message);
}

// Until when a refused grant is tried again: for as long as the access would have lasted, from the first
// refusal on.
TimePoint last_attempt(const DecisionBuilder& builder, const GrantFailure& failure) {
  return failure.first_at + parse_duration(builder.status.duration).value_or(std::chrono::seconds(0));
}

Decision give_up(const Input& in, const DecisionBuilder& builder) {
  const GrantFailure& failure = *in.grant_failure;
  return end(in, builder,
             {.phase = api::Phase::Rejected,
              .reason = failure.reason,
              .message = "not granted within " + builder.status.duration.str() + ": " + failure.message});
}

// Reports a refusal once per reason and waits for the next attempt.
Decision wait_to_retry(const GrantFailure& failure, TimePoint next_attempt, DecisionBuilder builder) {
  const bool is_known = is_known_trouble(builder, failure.reason, failure.message);
  builder.message(failure.message);
  builder.condition(api::kGranted, "False", failure.reason, failure.message);
  if (!is_known) {
    builder.step({.action = api::AuditAction::Failed,
                  .message = failure.message,
                  .index = fingerprint(failure.message),
                  .is_warning = true,
                  .doing = "Grant"});
  }
  return builder.done(NextLook::at(next_attempt));
}

// What becomes of a grant that was refused; nullopt if it is to be attempted now.
std::optional<Decision> after_refusal(const Input& in, const DecisionBuilder& builder) {
  if (!in.grant_failure) return std::nullopt;
  const GrantFailure& failure = *in.grant_failure;
  const TimePoint last = last_attempt(builder, failure);
  if (failure.tried_at >= last) return give_up(in, builder);
  const TimePoint next = std::min(failure.retry_at, last);
  return in.now < next ? std::optional(wait_to_retry(failure, next, builder)) : std::nullopt;
}

// A binding with the name for this request that is not ours: Curfew does not delete it and grants nothing
// beside it.
Decision report_squatter(const Input& in, DecisionBuilder builder) {
  const std::string what =
      describe(api::reference_to(*in.binding)) +
      " is there already and does not belong to this request: delete it, and the grant goes on";
  const bool is_known = is_known_trouble(builder, api::reason::kBindingNameTaken, what);
  builder.message(what);
  builder.condition(api::kGranted, "False", api::reason::kBindingNameTaken, what);
  if (!is_known) builder.tampering(what, fingerprint(what), object_of(api::reference_to(*in.binding)));
  return builder.done(NextLook::on_change(Watched::Binding));
}

}  // namespace

std::string describe_hold(const Input& input) {
  return "nothing is granted while the admission policies that establish who asks and who decides are not in force: " +
         input.guard.difference;
}

Decision hold_for_guard(const Input& input, DecisionBuilder builder) {
  const std::string message = describe_hold(input);
  builder.message(message);
  builder.condition(api::kGranted, "False", api::reason::kGuardNotInForce, message);
  return builder.done(NextLook::on_change(Watched::Guard));
}

std::optional<Decision> resume_grant(const Input& input) {
  // Under the guard, only Curfew can create a binding with that name and label, regardless of its owner.
  const bool is_own = input.binding && is_named_for(*input.request, *input.binding);
  DecisionBuilder builder(input);
  const auto begun = grant_begun(input, builder);
  if (!begun) return std::nullopt;
  if (is_own) {
    const auto expires_at = begun->broken ? std::nullopt : std::optional(begun->times.expires_at);
    if (auto what = tampering(input, expires_at)) return remove_changed(input, *what);
  }

  const Tally counted = tally(input);
  set_times(input, builder, begun->times);
  const auto denial = first_denial(grant_checks(), input);
  if (const auto ending = why_not_resumed(input, builder, counted, *begun, denial)) {
    if (is_own) return remove(input, Denial{ending->reason, ending->message});
    if (begun->broken) builder.tampering(begun->broken->message, fingerprint(begun->broken->message));
    return end(input, builder, *ending);
  }
  // What the grant rests on is away for a moment: it neither goes on nor ends.
  if (const auto until = may_return_until(input, denial))
    return Decision{.actions = {}, .next = NextLook::at(std::min(*until, begun->times.expires_at))};
  if (input.guard.in_force) note_decisions(input, counted, builder);
  if (!is_own && input.binding) return report_squatter(input, builder);
  if (!input.binding && namespace_is_going(input))
    return builder.done(NextLook::on_change(Watched::Namespace));
  if (!input.binding && !input.guard.in_force) return hold_for_guard(input, builder);

  approve(input, builder, counted);
  if (!input.binding) {
    if (auto refused = after_refusal(input, builder)) return refused;
  }
  const Grant grant = grant_of(*input.request, builder.status, begun->times);
  activate(
      input, builder,
      granted_step(grant, input.binding ? api::reference_to(*input.binding) : binding_of(*input.request)));
  builder.status.observed_decisions = static_cast<int>(input.request->decisions.size());
  return builder.done(NextLook::at(begun->times.expires_at),
                      input.binding ? std::vector<Action>() : std::vector<Action>{CreateBinding{grant}});
}

Decision grant(const Input& input, DecisionBuilder builder) {
  if (!input.request->status.phase) {
    // Store what was pinned at first sight before anything depends on it.
    builder.message("access is about to be granted");
    return builder.done(NextLook::on_change(Watched::Request));  // by this write
  }
  if (is_unrecorded_grant(input)) return remove_unrecorded(input);
  if (input.binding) return report_squatter(input, builder);
  if (auto refused = after_refusal(input, builder)) return *refused;

  const TimePoint granted_at = floor_to_second(input.now);
  const auto duration = parse_duration(builder.status.duration).value_or(std::chrono::seconds(0));
  pin_extended(input, builder);
  const Span times{.granted_at = granted_at,
                   .expires_at = end_of_grant(input, granted_at, duration, builder.status.extends)};
  set_times(input, builder, times);
  const Grant granting = grant_of(*input.request, builder.status, times);
  const DecisionBuilder::Step step = granted_step(granting, binding_of(*input.request));
  builder.record_after_change(step);
  activate(input, builder, step);
  builder.drop_events(api::AuditAction::Approved);  // the Event of the grant names who approved
  return builder.done(NextLook::at(times.expires_at), {CreateBinding{granting}});
}

bool is_unrecorded_grant(const Input& input) {
  return input.binding && input.is_unrecorded && is_named_for(*input.request, *input.binding);
}

}  // namespace curfew::core
