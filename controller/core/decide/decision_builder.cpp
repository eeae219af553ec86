#include "core/decide/decision_builder.hpp"

#include <algorithm>

#include "api/names.hpp"
#include "api/text.hpp"
#include "core/decide/review.hpp"
#include "core/decide/trust.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"
#include "util/sha256.hpp"

namespace curfew::core {
namespace {

api::AuditAction action_for(api::Phase phase) {
  switch (phase) {
    case api::Phase::Denied: return api::AuditAction::Denied;
    case api::Phase::TimedOut: return api::AuditAction::TimedOut;
    case api::Phase::Withdrawn: return api::AuditAction::Withdrawn;
    case api::Phase::Expired: return api::AuditAction::Expired;
    case api::Phase::Revoked: return api::AuditAction::Revoked;
    default: return api::AuditAction::Rejected;
  }
}

std::string sentence_of(const api::Decision& decision) {
  return decision.person.username + " " + std::string(past_tense(decision.verdict));
}

// The policy that this step was decided by; if it no longer exists, the one that the request was first seen
// under.
std::optional<api::PolicyRef> policy_at_hand(const Input& input, const api::AccessRequestStatus& status) {
  return input.policy ? reference_to(*input.policy) : status.policy;
}

// Of the binding that was granted, whatever stands under its name now. A Granted record that is decided
// before its binding exists gets the UID when it is written.
std::string uid_of_binding(const DecisionBuilder::Step& step, const Input& input) {
  if (step.action == api::AuditAction::Granted) return step.related ? step.related->uid : std::string();
  return input.granted_binding_uid.empty() ? input.binding_uid : input.granted_binding_uid;
}

// What is known by then of how the review goes is in records of their own.
void forget_progress(api::ReviewTerms& review) {
  review.overdue_at.reset();
  review.observed = 0;
  review.reviewed_by.clear();
}

bool tells_of_review(api::AuditAction action) {
  switch (action) {
    case api::AuditAction::Granted:
    case api::AuditAction::ReviewRequested:
    case api::AuditAction::Reviewed:
    case api::AuditAction::ReviewOverdue:
    case api::AuditAction::ReviewEvaded: return true;
    default: return false;
  }
}

}  // namespace

DecisionBuilder::DecisionBuilder(const Input& input) : status(pinned_status(input)), input_(input) {
  status.observed_generation = input.request->metadata.generation;
}

void DecisionBuilder::step(const Step& step) {
  record(step);
  emit_event(step);
}

void DecisionBuilder::tampering(std::string message, std::optional<std::int64_t> index,
                                std::optional<api::ObjectReference> related) {
  step({.action = api::AuditAction::Tampered,
        .message = std::move(message),
        .index = index,
        .is_warning = true,
        .doing = "Observe",
        .related = std::move(related)});
}

void DecisionBuilder::record(const Step& step) {
  records_.push_back(record_of(step));
}

void DecisionBuilder::record_after_change(const Step& step) {
  records_of_change_.push_back(record_of(step));
}

WriteRecord DecisionBuilder::record_of(const Step& step) const {
  const api::AccessRequest& request = *input_.request;
  api::AuditRecord record;
  record.metadata.name = step.record_name.empty()
                             ? api::record_name(request.metadata.uid, step.action, step.index)
                             : step.record_name;
  record.action = step.action;
  // The records of one decision keep their order.
  record.time = input_.now + std::chrono::microseconds(records_.size() + records_of_change_.size());
  record.actor = step.actor;
  const bool stands_for_many = !step.record_name.empty();
  if (record.actor && stands_for_many) record.actor->groups.clear();
  record.request = {.ns = request.metadata.ns, .name = request.metadata.name, .uid = request.metadata.uid};
  record.namespaces = request.spec.namespaces;
  record.policy = policy_at_hand(input_, status);
  record.role = status.role_ref;
  record.subject = status.subject;
  if (!stands_for_many) record.reason = request.spec.reason;
  record.comment = step.comment;
  record.duration = status.duration;
  record.start_time = request.spec.start_time;
  record.extends = status.extends;
  record.granted_at = status.granted_at;
  record.expires_at = status.expires_at;
  if (step.action == api::AuditAction::Tampered && step.related) {
    record.binding = api::RecordedBinding{.name = step.related->name, .uid = step.related->uid};
  } else if (!status.binding_name.empty()) {
    record.binding = api::RecordedBinding{.name = status.binding_name, .uid = uid_of_binding(step, input_)};
  }
  if (step.action == api::AuditAction::Granted && input_.policy && input_.policy->spec.approval.required == 0)
    record.approvers_skipped = input_.policy->spec.approval.approvers;
  if (tells_of_review(step.action)) {
    record.review = status.review;
    if (record.review) forget_progress(*record.review);
  }
  record.verdict = step.verdict;
  record.message = api::cut(step.message, api::kMaxRecordMessageBytes);
  return {std::move(record)};
}

void DecisionBuilder::emit_event(const Step& step) {
  events_.push_back({.type = step.is_warning ? "Warning" : "Normal",
                     .reason = std::string(api::to_string(step.action)),
                     .action = std::string(step.doing),
                     .note = api::cut(step.message, api::kMaxNoteBytes),
                     .related = step.related});
}

void DecisionBuilder::drop_events(api::AuditAction action) {
  std::erase_if(events_, [&](const EmitEvent& event) { return event.reason == api::to_string(action); });
}

void DecisionBuilder::warn(std::string_view reason, std::string_view message) {
  events_.push_back({.type = "Warning",
                     .reason = std::string(reason),
                     .action = "Observe",
                     .note = api::cut(message, api::kMaxNoteBytes),
                     .related = std::nullopt});
}

void DecisionBuilder::inform(std::string_view reason, std::string_view message) {
  warn(reason, message);
  events_.back().type = "Normal";
}

void DecisionBuilder::condition(std::string_view type, std::string_view value, std::string_view reason,
                                std::string_view message) {
  api::set_condition(status.conditions, {.type = std::string(type),
                                         .status = std::string(value),
                                         .reason = std::string(reason),
                                         .message = api::cut(message, api::kMaxMessageBytes),
                                         .observed_generation = input_.request->metadata.generation,
                                         .last_transition_time = floor_to_second(input_.now)});
}

void DecisionBuilder::drop_condition(std::string_view type) {
  std::erase_if(status.conditions, [&](const api::Condition& condition) { return condition.type == type; });
}

void DecisionBuilder::ending(std::string_view reason, std::string_view message, std::string_view actor) {
  const auto& known = status.ending;
  const std::string text = api::cut(message, api::kMaxMessageBytes);
  if (known && known->reason == reason && known->message == text && known->actor == actor) return;
  status.ending = api::StatusEnding{.reason = std::string(reason),
                                    .message = text,
                                    .actor = std::string(actor),
                                    .time = floor_to_second(input_.now)};
}

void DecisionBuilder::message(std::string_view text) {
  status.message = api::cut(text, api::kMaxMessageBytes);
}

bool DecisionBuilder::condition_is_true(std::string_view type) const {
  const api::Condition* found = api::find_condition(status.conditions, type);
  return found != nullptr && found->status == "True";
}

bool DecisionBuilder::condition_is(std::string_view type, std::string_view value,
                                   std::string_view reason) const {
  const api::Condition* found = api::find_condition(status.conditions, type);
  return found != nullptr && found->status == value && found->reason == reason;
}

Decision DecisionBuilder::done(NextLook next, std::vector<Action> changes) const {
  Decision decision{.actions = {}, .next = next};
  decision.actions.insert(decision.actions.end(), records_.begin(), records_.end());
  std::ranges::move(changes, std::back_inserter(decision.actions));
  decision.actions.insert(decision.actions.end(), records_of_change_.begin(), records_of_change_.end());
  const bool is_changed =
      status != input_.request->status || input_.is_ending_false || input_.is_completion_false;
  if (!input_.request_is_gone && is_changed) decision.actions.emplace_back(UpdateStatus{status});
  if (!namespace_is_going(input_))
    decision.actions.insert(decision.actions.end(), events_.begin(), events_.end());
  return decision;
}

Decision DecisionBuilder::done_after(const Decision& first, NextLook next) const {
  Decision decision{.actions = first.actions, .next = next};
  const Decision rest = done(next);
  decision.actions.insert(decision.actions.end(), rest.actions.begin(), rest.actions.end());
  return decision;
}

std::int64_t fingerprint(std::string_view message) {
  constexpr std::size_t kDigits = 8;
  constexpr int kHexadecimal = 16;
  std::string text = api::cut(message, api::kMaxMessageBytes);
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return std::stoll(sha256_hex(text).substr(0, kDigits), nullptr, kHexadecimal);
}

Ending ending_by(const api::Decision& decision, api::Phase phase) {
  const std::string sentence =
      phase == api::Phase::Withdrawn ? decision.person.username + " withdrew this" : sentence_of(decision);
  return {.phase = phase,
          .reason = std::string(api::to_string(phase)),
          .message = with_comment(sentence, decision.comment),
          .actor = decision.person,
          .comment = decision.comment};
}

namespace {

bool had_access(const DecisionBuilder& builder, const Ending& ending) {
  return ending.phase == api::Phase::Revoked ||
         (ending.phase == api::Phase::Expired && builder.status.granted_at);
}

}  // namespace

void close(const Input& input, DecisionBuilder& builder, const Ending& ending) {
  api::AccessRequestStatus& status = builder.status;
  status.phase = ending.phase;
  status.complete = true;
  // As recorded, if the status could not be written when the record was.
  status.ended_at = floor_to_second(input.end_record ? input.end_record->time : input.now);
  status.observed_decisions = static_cast<int>(input.request->decisions.size());
  builder.ending(ending.reason, ending.message,
                 ending.actor ? std::string_view(ending.actor->username) : std::string_view());
  builder.message(ending.message);
  const bool was_approved = builder.condition_is_true(api::kApproved);
  if (ending.phase == api::Phase::Denied ||
      (!had_access(builder, ending) && ending.phase != api::Phase::Expired && !was_approved))
    builder.condition(api::kApproved, "False", ending.reason, ending.message);
  builder.condition(api::kGranted, "False", ending.reason, ending.message);
}

Decision end(const Input& input, DecisionBuilder builder, const Ending& ending) {
  close(input, builder, ending);
  builder.step({.action = action_for(ending.phase),
                .message = ending.message,
                .actor = ending.actor,
                .comment = ending.comment,
                .is_warning = ending.phase == api::Phase::Rejected ||
                              (ending.phase == api::Phase::Revoked && !ending.actor),
                .doing = had_access(builder, ending) ? "End" : "Decide"});
  if (had_access(builder, ending)) ask_for_review(input, builder);
  return builder.done(builder.status.complete ? NextLook::never()
                                              : NextLook::at(*builder.status.review->due_at));
}

void note_decisions(const Input& input, const Tally& tally, DecisionBuilder& builder) {
  // Without a policy, it is unknown yet whether an approval counts. Once there is access, only revocations
  // matter, and who may revoke is known.
  const bool had_access = input.request->status.phase == api::Phase::Active;
  if (!tally.policy_known && !had_access) return;
  const auto& decisions = input.request->decisions;
  const auto first = static_cast<std::size_t>(std::max(0, builder.status.observed_decisions));
  for (std::size_t i = first; i < decisions.size(); ++i) {
    const api::Decision& decision = decisions[i];
    const auto& discounted = tally.discounted[i];
    const bool takes_back = std::ranges::find(tally.taken_back, i) != tally.taken_back.end();
    // One end has one record: decisions after the one that ends the request have nothing left to end.
    if (!discounted && !takes_back && decision.verdict != api::Verdict::Approve) continue;
    if (!is_believed(input, i)) {
      builder.step({.action = api::AuditAction::PolicyViolation,
                    .message = describe_unbelieved(decision),
                    .index = static_cast<std::int64_t>(i),
                    .is_warning = true});
      continue;
    }
    DecisionBuilder::Step step{.action = api::AuditAction::Approved,
                               .message = with_comment(sentence_of(decision), decision.comment),
                               .actor = decision.person,
                               .comment = decision.comment,
                               .index = static_cast<std::int64_t>(i)};
    if (takes_back) {
      step.action = api::AuditAction::ApprovalWithdrawn;
      step.message = with_comment(decision.person.username + " took back their approval", decision.comment);
    } else if (discounted) {
      step.action = api::AuditAction::PolicyViolation;
      step.message = discounted->message;
      step.is_warning = true;
    }
    builder.step(step);
  }
  builder.status.observed_decisions = static_cast<int>(decisions.size());
}

bool namespace_is_going(const Input& input) {
  return !api::is_cluster_scoped(*input.request) && is_going(input);
}

}  // namespace curfew::core
