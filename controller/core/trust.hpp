#pragma once

#include <cstddef>

#include "core/decision_builder.hpp"
#include "core/input.hpp"

namespace curfew::core {

// Whether the decision at `index` is known to be that of the person whom it names: Curfew has dealt with it
// before, or it was made under a guard in force. Any other may have been written by anybody, in anybody's
// name.
bool is_believed(const Input& input, std::size_t index);

// How the decision at `index` ends the request. One that is not believed ends it all the same, but as
// GuardNotInForce, by nobody.
Ending ending_by_decision(const Input& input, std::size_t index, api::Phase phase);

// The same where there was no access yet: Denied, or Withdrawn by a revocation.
Ending ending_without_access(const Input& input, std::size_t index);

// "this was revoked in the name of carol, by whom is not known: ...", of a decision that is not believed.
std::string describe_unbelieved(const api::Decision& decision);

}  // namespace curfew::core
