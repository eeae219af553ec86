#include "api/names.hpp"
#include "core/decide/decide.hpp"
#include "core/decide/review.hpp"
#include "reconcile/gather.hpp"

// What the audit records tell of a request, and whether what its status claims is true.
namespace curfew::reconcile {
namespace {

// A request that the watch reports for the first time is younger, unless the watch was interrupted.
constexpr std::chrono::seconds kMaxAgeOfNew{30};
static_assert(kMaxAgeOfNew < RequestNotes::kRememberForgotten);

// How long after a term has begun the former leader's last writes may reach the store.
constexpr std::chrono::seconds kHandover{30};

}  // namespace

// nullopt if it does not exist.
Result<std::optional<api::AuditRecord>> Gatherer::stored_record(const std::string& uid,
                                                                api::AuditAction action,
                                                                std::stop_token stop) {
  return parts_.client.find<api::AuditRecord>({"", api::record_name(uid, action)}, std::move(stop));
}

// A request that has a record of its own ends with one: it does not share the record of a flood. Only what
// was made before this term can have a record that this replica does not know of.
Result<bool> Gatherer::is_recorded(const api::AccessRequest& request, std::stop_token stop) {
  const std::string& uid = request.metadata.uid;
  if (parts_.notes.of(uid).is_recorded) return true;
  if (request.metadata.creation_timestamp > parts_.notes.term_began()) return false;
  const auto stored = stored_record(uid, api::AuditAction::Requested, std::move(stop));
  if (!stored) return tl::unexpected(stored.error());
  if (*stored) parts_.notes.remember_recorded(uid);
  return stored->has_value();
}

Result<void> Gatherer::find_granted_record(core::Input& input, std::stop_token stop) {
  const api::AccessRequest& request = *input.request;
  const RequestNote note = parts_.notes.of(request.metadata.uid);
  input.granted_record = copy_of(note.granted);
  const bool is_active = request.status.phase == api::Phase::Active;
  if (input.binding || input.granted_record) input.gone_binding.reset();
  // By the record is known whether it is to be reviewed.
  const bool is_ended = core::is_over(request.status) && !request.status.complete;
  if (input.granted_record || (!input.binding && !is_active && !input.gone_binding && !is_ended)) return {};
  if (input.binding && is_active && !input.request_is_gone) {
    input.is_unrecorded = parts_.notes.knows_all_records();
    return {};
  }
  // This replica has just created the binding and not recorded it. The status becomes Active after the
  // record.
  if (input.binding && !is_active && input.granted_binding_uid == input.binding->metadata.uid) {
    input.is_unrecorded = true;
    return {};
  }
  auto stored = stored_record(request.metadata.uid, api::AuditAction::Granted, std::move(stop));
  if (!stored) return tl::unexpected(stored.error());
  input.granted_record = std::move(*stored);
  input.is_unrecorded = !input.granted_record;
  if (input.granted_record) parts_.notes.remember_granted(*input.granted_record);
  return {};
}

// Whether the request may be over although its status does not say so: a completed one leaves the watch, and
// comes back if somebody changes its status. A new one is young, and not known to this replica. What was
// there when the term began, the sweep of the records knows.
bool Gatherer::may_be_revived(const api::AccessRequest& request, const RequestNote& note) const {
  if (!note.appeared_at || note.is_end_absent || core::is_over(request.status)) return false;
  const TimePoint created = request.metadata.creation_timestamp;
  return *note.appeared_at > created + kMaxAgeOfNew || created <= parts_.notes.term_began() ||
         parts_.notes.was_forgotten(request.metadata.uid);
}

Result<void> Gatherer::find_end_of_revived(core::Input& input, std::stop_token stop) {
  const std::string& uid = input.request->metadata.uid;
  auto stored = stored_record(uid, api::AuditAction::Revoked, std::move(stop));
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored) {
    parts_.notes.remember_end_absent(uid);
    return {};
  }
  input.end_record = std::move(*stored);
  input.is_revived = parts_.notes.was_forgotten(uid);
  return {};
}

// Of access that has ended by its record: whether it is to be reviewed, its Granted record tells, and what
// became of that the others.
Result<void> Gatherer::find_review(core::Input& input, const std::stop_token& stop) {
  const api::AccessRequest& request = *input.request;
  if (!input.end_record || !input.end_record->granted_at || request.status.complete) return {};
  // An ended request had a phase before its end.
  input.is_revived = input.is_revived || (!request.status.phase && !input.request_is_gone);
  if (!input.granted_record) {
    auto stored = stored_record(request.metadata.uid, api::AuditAction::Granted, stop);
    if (!stored) return tl::unexpected(stored.error());
    if (*stored) parts_.notes.remember_granted(**stored);
    input.granted_record = std::move(*stored);
  }
  const auto terms = core::review_terms(input);
  if (!terms) return {};
  const RequestNote note = parts_.notes.of(request.metadata.uid);
  input.review_records = note.review_records;
  if (note.knows_review_records) return {};
  std::vector<std::string> names{api::record_name(request.metadata.uid, api::AuditAction::ReviewOverdue)};
  for (std::size_t i = 0; i < request.reviews.size(); ++i)
    names.push_back(
        api::record_name(request.metadata.uid, api::AuditAction::Reviewed, static_cast<std::int64_t>(i)));
  for (const std::string& name : names) {
    const auto found = parts_.client.find<api::AuditRecord>({"", name}, stop);
    if (!found) return tl::unexpected(found.error());
    if (*found) input.review_records.push_back(name);
  }
  parts_.notes.know_review_records(request.metadata.uid, input.review_records);
  return {};
}

// Curfew writes an end record before the status. Look for it if the status ends a request that was granted,
// or that this replica has seen waiting under a policy, and this replica does not know the end.
Result<void> Gatherer::find_end_record(core::Input& input, std::stop_token stop) {
  const api::AccessRequest& request = *input.request;
  const RequestNote note = parts_.notes.of(request.metadata.uid);
  input.end_record = copy_of(note.end);
  if (!input.end_record && !input.request_is_gone && may_be_revived(request, note))
    return find_end_of_revived(input, std::move(stop));
  const bool has_end_record = input.granted_record || note.observed_decisions || note.is_recorded;
  if (input.end_record || !has_end_record || !core::is_over(request.status) || input.request_is_gone)
    return {};
  auto stored = stored_record(request.metadata.uid, api::AuditAction::Revoked, std::move(stop));
  if (!stored) return tl::unexpected(stored.error());
  input.end_record = std::move(*stored);
  input.is_end_unrecorded = !input.end_record;
  return {};
}

// By the names of their records.
Result<void> Gatherer::find_recorded_decisions(core::Input& input, const std::stop_token& stop) {
  const api::AccessRequest& request = *input.request;
  if (core::is_over(request.status) || !core::may_have_unseen_records(input)) return {};
  for (std::size_t i = 0; i < request.decisions.size(); ++i) {
    const api::Decision& decision = request.decisions[i];
    if (decision.verdict == api::Verdict::Deny) continue;
    const bool approves = decision.verdict == api::Verdict::Approve;
    // A request that is known from its records has only those decisions.
    bool is_recorded = core::is_known_from_records(request);
    if (!is_recorded) {
      const auto action = approves ? api::AuditAction::Approved : api::AuditAction::ApprovalWithdrawn;
      const auto name = api::record_name(request.metadata.uid, action, static_cast<std::int64_t>(i));
      const auto found = parts_.client.find<api::AuditRecord>({"", name}, stop);
      if (!found) return tl::unexpected(found.error());
      is_recorded = found->has_value();
    }
    if (!is_recorded) continue;
    input.recorded_decisions = i + 1;
    const std::string who(decision.person.username);
    std::erase(input.recorded_approvers, who);
    if (approves) input.recorded_approvers.push_back(who);
  }
  return {};
}

// An announced end is this replica's own, or the former leader's: then it was there when this term began, or
// reached the store a moment later. What somebody else wrote is left out.
Result<void> Gatherer::judge_ending(core::Input& input, std::stop_token stop) {
  const auto& status = input.request->status;
  if (!status.ending || core::is_over(status)) return {};
  const RequestNote note = parts_.notes.of(input.request->metadata.uid);
  const bool is_known = note.announced && *note.announced == *status.ending;
  if (is_known && !note.is_announced_claimed) return {};
  const TimePoint began = parts_.notes.term_began();
  const bool is_former = status.ending->time <= began && parts_.clock.now() <= began + kHandover;
  bool is_true = is_known || is_former;
  if (is_true && core::announces_tampering(*status.ending)) {
    const auto record = parts_.client.find<api::AuditRecord>({"", core::record_of_announced(*input.request)},
                                                             std::move(stop));
    if (!record) return tl::unexpected(record.error());
    is_true = record->has_value();
  }
  if (is_true) {
    parts_.notes.remember_announced(input.request->metadata.uid, *status.ending);
    return {};
  }
  auto without = std::make_shared<api::AccessRequest>(*input.request);
  without->status.ending.reset();
  input.request = std::move(without);
  input.is_ending_false = true;
  return {};
}

// By the records, which are written before the status: a request may be said to be complete by others.
Result<bool> Gatherer::is_reviewed(const api::AccessRequest& request, const api::ReviewTerms& terms,
                                   const std::stop_token& stop) {
  int reviews = 0;
  for (std::size_t i = 0; i < request.reviews.size() && reviews < terms.required; ++i) {
    const auto name =
        api::record_name(request.metadata.uid, api::AuditAction::Reviewed, static_cast<std::int64_t>(i));
    const auto found = parts_.client.find<api::AuditRecord>({"", name}, stop);
    if (!found) return tl::unexpected(found.error());
    if (*found) ++reviews;
  }
  return reviews >= terms.required;
}

// While the guard was not in force, anyone who may write a status could claim in it that Curfew has seen
// decisions. The access of an Active request does not depend on that.
void Gatherer::judge_claim(const core::Input& input) const {
  const std::string& uid = input.request->metadata.uid;
  if (!parts_.notes.of(uid).is_observed_claimed || !input.guard.in_force) return;
  const bool is_kept =
      input.guard.since <= parts_.notes.term_began() || input.request->status.phase == api::Phase::Active;
  is_kept ? parts_.notes.confirm_observed(uid) : parts_.notes.forget_observed(uid);
}

}  // namespace curfew::reconcile
