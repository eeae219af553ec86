#pragma once

#include <cstddef>

#include "core/decide/decision_builder.hpp"
#include "core/input.hpp"

namespace curfew::core {

// Whether the request was made since the guard came into force. Without a guard in force, the time says
// nothing.
bool is_as_young_as_guard(const api::AccessRequest& request, const GuardState& guard);

// Whether the decision at `index` is known to come from the person it names: Curfew has processed it before,
// or it was made while the guard was in force. Any other decision may have been written by anyone, in any
// name.
bool is_believed(const Input& input, std::size_t index);

// The ending by the decision at `index`. A decision that is not believed ends the request too, but with
// reason GuardNotInForce and without an actor.
Ending ending_by_decision(const Input& input, std::size_t index, api::Phase phase);

// Like ending_by_decision(), before there was access: Denied, or Withdrawn for a revocation.
Ending ending_without_access(const Input& input, std::size_t index);

// "this was revoked in the name of carol, ...", for a decision that is not believed.
std::string describe_unbelieved(const api::Decision& decision);

}  // namespace curfew::core
