#pragma once

#include "core/action.hpp"
#include "core/input.hpp"

namespace curfew::core {

// Whether the status says that the request is over; half a status (a final phase without `complete`) does,
// too.
bool is_over(const api::AccessRequestStatus& status);

// Whether the request was reconstructed from its records because no replica has seen it: access that it may
// have had for a moment is not known.
bool is_known_from_records(const api::AccessRequest& request);

// Whether there is a binding of the request that no AuditRecord tells of.
bool is_unrecorded_grant(const Input& input);
// Whether there was one until a moment ago, and it went because its time was up.
bool is_unrecorded_and_expired(const Input& input);

// Whether records may tell more of the request's decisions than its status: a crash came between the two.
bool may_have_unseen_records(const Input& input);

// Whether Curfew announces such an ending together with a Tampered record, and the name of that record.
bool announces_tampering(const api::StatusEnding& ending);
std::string record_of_announced(const api::AccessRequest& request);

// Decides what to do about one request. Pure and total: no I/O, no clock, no globals, a result for every
// input. Applying the actions and deciding again reaches a fixed point: a decision without actions.
Decision decide(const Input& input);

}  // namespace curfew::core
