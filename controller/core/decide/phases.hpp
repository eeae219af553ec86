#pragma once

#include <optional>

#include "core/decide/binding.hpp"
#include "core/decide/decide.hpp"
#include "core/decide/decision_builder.hpp"

// The parts of decide(), one for each state of a request.
namespace curfew::core {

Decision decide_deleted(const Input& input);   // the request is gone or being deleted
Decision decide_complete(const Input& input);  // it has ended
Decision decide_active(const Input& input);    // it has been granted
Decision decide_pending(const Input& input);   // it has not been granted

// Closes a request above a rate limit at the least cost, without a record of its own, whether or not the
// request still exists.
Decision reject_flood(const Input& input);

// Ends a request whose record is the shared `summary`, which is written only once.
Decision end_summarised(const Input& input, DecisionBuilder builder, const Ending& ending,
                        const RecordSummary& summary);

// Ends a request that was not granted. A request that never had a policy gets its Requested record only now,
// or no record of its own at all.
Decision end_pending(const Input& input, DecisionBuilder builder, Ending ending);

// The AuditRecord of the end exists but the status does not show it yet (a crash, or another leader): applies
// that end, whatever has happened since.
Decision end_as_recorded(const Input& input);

// The API server refuses a write about the request as invalid: ends the request, with a record of only those
// fields that are always valid. The write would be retried forever otherwise.
Decision end_unstorable(const Input& input);

// Continues or ends a grant that was in progress before (a crash, a failure); nullopt if there was none.
std::optional<Decision> resume_grant(const Input& input);

// Why access ends when Curfew is removed (Settings::ends_all).
Denial removal_denial();

// Writes to the status that the quorum is reached.
void approve(const Input& input, DecisionBuilder& builder, const Tally& tally);

// "waiting for 1 more approval (0/1) from Group sre"
std::string describe_missing_approvals(const Input& input, const Tally& tally);

// "the time that was asked for, from ... to ..., has passed without a grant"; requires a requested start and
// end.
std::string describe_missed_time(const Input& input);

// All checks pass and the request is due: makes the grant, or reports why it cannot be made now. A binding is
// created after request and approvals are recorded, and recorded itself (Granted) once it exists.
Decision grant(const Input& input, DecisionBuilder builder);

// Nothing is granted while the guard is not in force.
std::string describe_hold(const Input& input);
Decision hold_for_guard(const Input& input, DecisionBuilder builder);

// Whether there is a binding of the request that no AuditRecord tells of and that Curfew made: it is exactly
// what a grant was when the binding was made, with the approvals that are on record.
bool is_interrupted_grant(const Input& input);
// The same of what there is of several bindings.
bool has_made_bindings(const Input& input);
// Records that access. The next look goes on with it, or ends it.
Decision record_interrupted(const Input& input);

// The Granted record and its Event.
DecisionBuilder::Step granted_step(const Grant& grant, const api::BindingRef& binding);
void set_times(const Input& in, DecisionBuilder& builder, const Span& times);
// A status may be forged, and the end that it has pinned have become earlier: what an extension extends gets
// the times that its Granted record and its binding have, and no later end than the status says.
void pin_extended(const Input& in, DecisionBuilder& builder);
// How far the policy in force, if there is one, lets the access be extended.
void set_extendable(const Input& in, DecisionBuilder& builder);

// Records the request itself, at its first look under a policy, which may arrive a moment later than the
// request; end_pending() records it if there never is one.
void record_request(const Input& input, DecisionBuilder& builder);

// Whether access until `end` has ended because its time is up: also that of a binding that is gone, which is
// deleted a moment before.
bool has_expired(const Input& input, const Place& place, TimePoint end);
Ending ending_by_time(TimePoint end);

// Access ended because its binding at that place is gone, not by Curfew.
Denial binding_removed(const Input& input, const Place& place);

// The binding was tampered with: deletes it and reports that once.
Decision remove_changed(const Input& input, const std::string& what);

// A binding that Curfew did not create, of a request that stays as it is: deletes it, and records `message`.
Decision remove_forged(const Input& input, const std::string& message);

// Deletes the binding of a request without access that no AuditRecord tells of; says nothing if this replica
// made it, and could not record it.
Decision remove_unrecorded(const Input& input);

// The status reports an end that is not Curfew's, because Curfew would have recorded the end before: ends the
// access, with the change of the status as the cause.
Decision end_falsified(const Input& input);
// The status announces an end that Curfew did not announce: an Active request goes on without it, any other
// is rejected.
Decision refuse_false_ending(const Input& input);
// The same for a request that had no access: the next look rejects it, because what else its status says may
// be false, too.
Decision reject_falsified(const Input& input);

// Why Curfew deleted the binding of an active request, by the status, or by what this replica remembers if
// the status could not be written; nullopt if it did not decide to.
std::optional<Ending> ending_announced(const Input& input, const DecisionBuilder& builder);

// Whether the ending in the status is that of remove_changed.
bool ends_by_change(const DecisionBuilder& builder);

}  // namespace curfew::core
