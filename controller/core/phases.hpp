#pragma once

#include <optional>

#include "core/binding.hpp"
#include "core/decide.hpp"
#include "core/decision_builder.hpp"

// The parts of decide(), one for each state of a request.
namespace curfew::core {

Decision decide_deleted(const Input& input);   // the request is gone, or going
Decision decide_complete(const Input& input);  // it is over
Decision decide_active(const Input& input);    // it has been granted
Decision decide_pending(const Input& input);   // it has not

// One of too many requests: closed at the least cost, without a record of its own, whether it is still there
// or not.
Decision reject_flood(const Input& input);

// Ends a request whose record is that summary, which is written only once.
Decision end_summarised(const Input& input, DecisionBuilder builder, const Ending& ending,
                        const RecordSummary& summary);

// Ends a request that was not granted. One that never had a policy gets its Requested record only now, or no
// record of its own at all.
Decision end_pending(const Input& input, DecisionBuilder builder, Ending ending);

// Its end is recorded already (a crash, or another leader): that one it is, whatever has happened since.
Decision end_as_recorded(const Input& input);

// The API server refuses, as invalid, what is to be written about it: ended, with a record of the little that
// is always valid. It would be tried again for ever otherwise.
Decision end_unstorable(const Input& input);

// Where a grant was under way before (a crash, a failure): goes on with it, or ends it. nullopt: there was
// none.
std::optional<Decision> resume_grant(const Input& input);

// Why access ends when Curfew is removed (Settings::ends_all).
Denial removal_denial();

// The quorum is there: says so.
void approve(const Input& input, DecisionBuilder& builder, const Tally& tally);

// "waiting for 1 more approval (0/1) from Group sre"
std::string describe_missing_approvals(const Input& input, const Tally& tally);

// "the time that was asked for, from ... to ..., has passed without a grant"; only where there is such a
// time.
std::string describe_missed_time(const Input& input);

// Everything allows it, and it is time: makes the grant, or says why it cannot be made now.
Decision grant(const Input& input, DecisionBuilder builder);

// Nothing is granted while the guard is not in force.
Decision hold_for_guard(const Input& input, DecisionBuilder builder);

// Somebody changed the binding: deletes it, and says so once.
Decision remove_changed(const Input& input, const std::string& what);

// The status says that the request is over, which is none of Curfew's words, since it records an end first:
// the access ends, as an end by whoever changed the status.
Decision end_falsified(const Input& input);

// Why the binding of an active request was deleted, as the decision to do so left it in the status; nullopt:
// there was no such decision.
std::optional<Ending> ending_announced(const DecisionBuilder& builder);

// What remove_changed left in the status for the time when the binding is gone.
std::optional<Ending> ending_by_change(const DecisionBuilder& builder);

}  // namespace curfew::core
