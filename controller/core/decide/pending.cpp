#include <algorithm>

#include "api/names.hpp"
#include "core/check/absence.hpp"
#include "core/check/check.hpp"
#include "core/check/checks.hpp"
#include "core/check/timing.hpp"
#include "core/decide/phases.hpp"
#include "core/decide/trust.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"

namespace curfew::core {
namespace {

constexpr std::chrono::seconds kEndCheck{1};

std::optional<TimePoint> start_to_come(const Input& in) {
  const auto start = requested_start(*in.request);
  return start && *start > in.now ? start : std::nullopt;
}

// Whether Curfew has seen the request and all of its decisions under the guard.
bool was_seen(const Input& in) {
  return in.observed_decisions &&
         in.request->decisions.size() <= static_cast<std::size_t>(*in.observed_decisions);
}

// What is from before the guard came into force may be forged. Rejected at once, not when somebody approves
// it; what was approved before goes on.
std::optional<Denial> unguarded(const Input& in) {
  if (!in.guard.in_force || is_as_young_as_guard(*in.request, in.guard)) return std::nullopt;
  const api::Condition* approved = api::find_condition(in.request->status.conditions, api::kApproved);
  if (was_seen(in) && approved != nullptr && approved->status == "True") return std::nullopt;
  return Denial{
      std::string(api::reason::kGuardNotInForce),
      "this is from before " + format_rfc3339(in.guard.since) +
          ", when the admission policies that establish who asks and who decides were not in force or not watched: ask again"};
}

// The grant must be what the approver saw: if the request leaves role or duration to its policy, an approval
// from before they were pinned may have meant something else. The admission policy curfew-identity refuses
// such an approval; this check applies if the guard could not.
std::optional<Denial> approved_too_early(const Input& in) {
  const api::AccessRequest& request = *in.request;
  const auto& pinned = request.status;
  const bool is_settled =
      (pinned.role_ref || request.spec.role) && (!pinned.duration.empty() || !request.spec.duration.empty());
  const bool is_approved = std::ranges::any_of(request.decisions, [](const api::Decision& decision) {
    return decision.verdict == api::Verdict::Approve;
  });
  if (is_settled || !is_approved) return std::nullopt;
  return Denial{
      std::string(api::reason::kApprovedTooEarly),
      "this was approved before it was settled which role it would give, and for how long: ask again, and have it approved once it is Pending"};
}

// A request from before the guard was in force may be anybody's.
bool knows_requester(const Input& in) {
  return in.observed_decisions || (in.guard.in_force && is_as_young_as_guard(*in.request, in.guard));
}

DecisionBuilder::Step requested(const Input& in, const DecisionBuilder& builder) {
  const auto& spec = in.request->spec;
  const auto& status = builder.status;
  const bool is_known = spec.requester && knows_requester(in);
  const std::string named = spec.requester ? spec.requester->username.str() : "somebody";
  std::string sentence = (is_known || !spec.requester ? named + " asks for "
                                                      : "somebody asks in the name of " + named + " for ") +
                         (status.role_ref ? describe(*status.role_ref) : "a role") + " " +
                         describe(scope_of(*in.request));
  if (!status.duration.empty()) sentence += " for " + status.duration + (spec.extends.empty() ? "" : " more");
  if (!spec.extends.empty()) sentence += ", to extend " + spec.extends;
  return {.action = api::AuditAction::Requested,
          .message = sentence + " under AccessPolicy " + spec.policy,
          .actor = is_known ? spec.requester : std::nullopt};
}

// What the request extends is about to end before its time, or has, and the record of that is not there yet:
// it will say why.
bool is_extended_ending(const Input& in) {
  const auto last = last_moment_to_extend(in);
  if (!last || in.now >= *last) return false;
  const api::AccessRequest* extended = in.extended->request.get();
  return extended == nullptr ? in.extended->is_end_unknown
                             : extended->status.phase == api::Phase::Active && !in.extended->is_active;
}

// What is first seen while the guard is not in force may be forged. Whether it can be believed shows when the
// guard is in force again (GuardState::since): until then it waits, and nothing of it is recorded.
Decision hold_unseen(const Input& in) {
  DecisionBuilder builder(in);
  builder.status.observed_decisions =
      std::min(builder.status.observed_decisions, in.observed_decisions.value_or(0));
  if (!in.observed_decisions) {
    builder.status.policy = api::PolicyRef{.name = in.request->spec.policy};  // not under it yet
    builder.condition(api::kApproved, "Unknown", api::reason::kGuardNotInForce, describe_hold(in));
  }
  return hold_for_guard(in, builder);
}

Decision reject(const Input& in, const DecisionBuilder& builder, const Denial& denial) {
  return end_pending(in, builder, ending_for(denial, api::Phase::Rejected));
}

// A missing object may still arrive: manifests applied together arrive in any order.
Decision wait_for_arrival(DecisionBuilder builder, const Denial& denial, TimePoint until) {
  builder.status.phase = api::Phase::Pending;
  builder.message(denial.message);
  builder.condition(api::kApproved, "Unknown", denial.reason, denial.message);
  builder.condition(api::kGranted, "False", denial.reason, denial.message);
  return builder.done(NextLook::at(until));
}

// The same for what a request rests on that has gone away; the status stays as it was decided before.
Decision wait_for_return(const Input& in, const DecisionBuilder& builder, const Denial& denial,
                         TimePoint until) {
  const api::Condition* approved = api::find_condition(builder.status.conditions, api::kApproved);
  const bool is_decided_on = had_policy(*in.request) && approved != nullptr && approved->status != "Unknown";
  return is_decided_on ? builder.done(NextLook::at(until)) : wait_for_arrival(builder, denial, until);
}

Decision time_out(const Input& in, const DecisionBuilder& builder, const Tally& tally) {
  return end(in, builder,
             {.phase = api::Phase::TimedOut,
              .reason = std::string(api::reason::kTimedOut),
              .message = "not decided within " + in.policy->spec.approval.timeout +
                         ", which is spec.approval.timeout of " + describe(*in.policy) + " (" +
                         tally.figures() + ")"});
}

Decision wait_for_approval(const Input& in, DecisionBuilder builder, const Tally& tally) {
  std::string message = describe_missing_approvals(in, tally);
  if (const auto closed = first_denial(timing_checks(), in)) message += "; " + closed->message;
  builder.status.phase = api::Phase::Pending;
  builder.message(message);
  builder.status.approved_at.reset();
  builder.condition(api::kApproved, "False", api::reason::kWaitingForApproval, message);
  builder.condition(api::kGranted, "False", api::reason::kWaitingForApproval, message);
  // The message describes the schedule, so its next opening or closing is a wake-up as well.
  const ScheduleState state = window(in);
  const auto window_turns = earlier(state.opens, state.closes);
  const auto ends = earlier(earlier(approval_deadline(in), requested_end(in)), last_moment_to_extend(in));
  return builder.done(
      NextLook::at_or_on_change(earlier(ends, earlier(window_turns, start_to_come(in))), Watched::Request));
}

// startTime + duration has passed.
Decision miss(const Input& in, const DecisionBuilder& builder) {
  return end(in, builder,
             {.phase = api::Phase::Expired,
              .reason = std::string(api::reason::kStartMissed),
              .message = describe_missed_time(in)});
}

// Approved, but not due yet. Scheduled means that the request waits for nothing but its start time.
Decision wait_for_time(const Input& in, DecisionBuilder builder, const Denial& denial) {
  const bool is_scheduled = denial.reason == api::reason::kScheduled;
  builder.status.phase = is_scheduled ? api::Phase::Scheduled : api::Phase::Pending;
  const std::string message = "approved, " + denial.message;
  builder.message(message);
  builder.condition(api::kGranted, "False", denial.reason, message);
  const auto ends = earlier(requested_end(in), last_moment_to_extend(in));
  const auto time = is_scheduled ? start_to_come(in) : earlier(window(in).opens, ends);
  return builder.done(NextLook::at_or_on_change(time, Watched::Policy));
}

}  // namespace

void record_request(const Input& input, DecisionBuilder& builder) {
  if (input.policy && !had_policy(*input.request)) builder.record(requested(input, builder));
}

std::string describe_missing_approvals(const Input& input, const Tally& tally) {
  const std::size_t missing = tally.required - tally.approved_by.size();
  return "waiting for " + std::to_string(missing) + " more approval" + (missing == 1 ? "" : "s") + " (" +
         tally.figures() + ") from " + describe(input.policy->spec.approval.approvers);
}

std::string describe_missed_time(const Input& input) {
  return "the time that was asked for, from " + format_rfc3339(*requested_start(*input.request)) + " to " +
         format_rfc3339(*requested_end(input)) + ", has passed without a grant";
}

// Without a policy, groups had no effect; records omit them because there may be many.
Decision end_pending(const Input& input, DecisionBuilder builder, Ending ending) {
  if (input.policy || had_policy(*input.request)) return end(input, builder, ending);
  if (input.without_policy) return end_summarised(input, builder, ending, *input.without_policy);
  if (!input.request_is_gone || input.request->status.phase) {
    DecisionBuilder::Step step = requested(input, builder);
    if (step.actor) step.actor->groups.clear();
    builder.record(step);
  }
  if (ending.actor) ending.actor->groups.clear();
  return end(input, builder, ending);
}

namespace {

// Whether the decision records a grant, or removes the binding.
bool settles_binding(const Decision& decision) {
  return std::ranges::any_of(decision.actions, [](const Action& action) {
    const auto* write = std::get_if<WriteRecord>(&action);
    return (write != nullptr && write->record.action == api::AuditAction::Granted) ||
           std::holds_alternative<DeleteBinding>(action) || std::holds_alternative<FreeBinding>(action);
  });
}

Decision decide_ungranted(const Input& input) {
  if (input.settings.ends_all)  // left pending for the next installation of Curfew
    return {.actions = {}, .next = NextLook::on_change(Watched::Request)};

  // Announced by reject_falsified().
  if (const auto& ending = input.request->status.ending;
      ending && ending->reason == api::reason::kStatusChanged)
    return reject(input, DecisionBuilder(input), {.reason = ending->reason, .message = ending->message});
  if (input.flood) return reject_flood(input);
  if (!input.guard.in_force && !was_seen(input)) return hold_unseen(input);
  DecisionBuilder builder(input);
  record_request(input, builder);
  if (const auto denial = unguarded(input)) return reject(input, builder, *denial);

  const Tally counted = tally_in_time(input);
  note_decisions(input, counted, builder);
  if (counted.policy_known) {
    builder.status.approvals = counted.figures();
    builder.status.approved_by = counted.approved_by;
  }
  if (counted.ending) return end_pending(input, builder, ending_without_access(input, *counted.ending));
  // An earlier request is searched at first sight only, regardless of other denials: a waiting request is not
  // checked for it again.
  if (const auto denial = input.earlier ? checks::is_not_ended_before(input) : std::nullopt)
    return reject(input, builder, *denial);
  if (namespace_is_going(input))  // the request is deleted with its namespace
    return builder.done(NextLook::on_change(Watched::Namespace));
  if (!input.guard.in_force) return hold_for_guard(input, builder);
  if (const auto denial = first_denial(grant_checks(), input)) {
    const auto until = may_return_until(input, denial);
    return until ? wait_for_return(input, builder, *denial, *until) : reject(input, builder, *denial);
  }
  if (const auto denial = approved_too_early(input)) return reject(input, builder, *denial);
  if (is_extended_ending(input)) return builder.done(NextLook::at(input.now + kEndCheck));
  if (const auto denial = first_denial(extension_checks(), input)) return reject(input, builder, *denial);
  if (const auto last = requested_end(input); last && input.now >= *last) return miss(input, builder);
  const auto not_now = first_denial(timing_checks(), input);
  if (!counted.quorum()) {
    const auto deadline = approval_deadline(input);
    return deadline && input.now >= *deadline ? time_out(input, builder, counted)
                                              : wait_for_approval(input, builder, counted);
  }
  if (!not_now) {
    if (const auto denial = first_denial(limit_checks(), input)) return reject(input, builder, *denial);
  }
  approve(input, builder, counted);
  return not_now ? wait_for_time(input, builder, *not_now) : grant(input, builder);
}

}  // namespace

Decision decide_pending(const Input& input) {
  if (auto resumed = resume_grant(input)) return *resumed;
  if (is_interrupted_grant(input)) return record_interrupted(input);
  Decision decision = decide_ungranted(input);
  if (!is_unrecorded_grant(input) || settles_binding(decision)) return decision;
  return remove_unrecorded(input);
}

}  // namespace curfew::core
