#include "api/names.hpp"
#include "core/check.hpp"
#include "core/identity.hpp"
#include "core/paths.hpp"
#include "core/words.hpp"

namespace curfew::core {
namespace {

// What is first seen while the guard is not in force may be forged, and stays unbelieved when the guard is back.
std::optional<Denial> unguarded(const Input& in) {
  const bool is_news = !in.request->status.phase || has_unseen_decisions(*in.request);
  if (!is_news) return std::nullopt;
  const std::string reason(api::reason::kGuardNotInForce);
  if (!in.guard.in_force) {
    return Denial{reason, "the admission policies that establish who asks and who decides are not in force (" + in.guard.difference + "): ask again"};
  }
  // creationTimestamp is cut to its second.
  if (in.request->metadata.creation_timestamp >= floor_to_second(in.guard.since)) return std::nullopt;
  return Denial{reason, "this is from before " + format_rfc3339(in.guard.since) +
                            ", when the admission policies that establish who asks and who decides were not in force or not watched: ask again"};
}

Progress::Step requested(const Input& in, const Progress& progress) {
  const auto& spec = in.request->spec;
  const auto& status = progress.status;
  std::string sentence = (spec.requester ? spec.requester->username : "somebody") + " asks for " +
                         (status.role_ref ? describe(*status.role_ref) : "a role") + " in " + in.request->metadata.name_space;
  if (!status.duration.empty()) sentence += " for " + status.duration;
  return {.action = api::AuditAction::Requested,
          .message = with_comment(sentence + " under AccessPolicy " + spec.policy, spec.reason),
          .actor = spec.requester,
          .doing = "Observe"};
}

Decision reject(const Input& in, const Progress& progress, const Denial& denial) {
  return end(in, progress, {.phase = api::Phase::Rejected, .reason = denial.reason, .message = denial.message});
}

// Something is not there that may still come: files applied together arrive in any order.
Decision wait_for_arrival(Progress progress, const Denial& denial, TimePoint until) {
  progress.message(denial.message);
  progress.condition(api::kApproved, "Unknown", denial.reason, denial.message);
  progress.condition(api::kGranted, "False", denial.reason, denial.message);
  return progress.done(std::nullopt, until);
}

Decision wait_for_approval(const Input& in, Progress progress, const Tally& tally) {
  const std::size_t missing = tally.required - tally.approved_by.size();
  const std::string message = "waiting for " + std::to_string(missing) + " more approval" + (missing == 1 ? "" : "s") + " (" + tally.figures() + ") from " +
                              describe(in.policy->spec.approval.approvers);
  progress.message(message);
  progress.status.approved_at.reset();
  progress.condition(api::kApproved, "False", api::reason::kWaitingForApproval, message);
  progress.condition(api::kGranted, "False", api::reason::kWaitingForApproval, message);
  return progress.done();
}

}  // namespace

Decision decide_pending(const Input& input) {
  if (auto resumed = resume_grant(input)) return *resumed;

  Progress progress(input);
  if (!input.request->status.phase) progress.step(requested(input, progress));
  if (const auto denial = unguarded(input)) return reject(input, progress, *denial);

  const Tally counted = tally(input);
  note_decisions(input, counted, progress);
  if (counted.policy_known) {
    progress.status.approvals = counted.figures();
    progress.status.approved_by = counted.approved_by;
  }
  if (counted.ending) {
    const api::Decision& decision = input.request->decisions[*counted.ending];
    const bool denies = decision.verdict == api::Verdict::Deny;
    return end(input, progress, ending_by(decision, denies ? api::Phase::Denied : api::Phase::Withdrawn));
  }
  if (!input.guard.in_force) return hold_for_guard(input, progress);
  if (const auto denial = first_denial(grant_checks(), input)) {
    const TimePoint patience = input.request->metadata.creation_timestamp + input.settings.not_found_grace;
    const bool waits = denial->may_pass && input.now < patience;
    return waits ? wait_for_arrival(progress, *denial, patience) : reject(input, progress, *denial);
  }
  if (!counted.quorum()) return wait_for_approval(input, progress, counted);
  return grant(input, progress, counted);
}

}  // namespace curfew::core
