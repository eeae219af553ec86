#pragma once

#include "core/action.hpp"
#include "core/input.hpp"

namespace curfew::core {

// Whether the status says that the request is over; half a status (a final phase without `complete`) does,
// too.
bool is_over(const api::AccessRequestStatus& status);

// Decides what to do about one request. Pure and total: no I/O, no clock, no globals, a result for every
// input. Applying the actions and deciding again reaches a fixed point: a decision without actions.
Decision decide(const Input& input);

}  // namespace curfew::core
