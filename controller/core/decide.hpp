#pragma once

#include "core/action.hpp"
#include "core/input.hpp"

namespace curfew::core {

// What is to be done about one request. Pure and total: no I/O, no clock, no globals, an answer for every
// input. Carrying the actions out and deciding again reaches a fixed point: a decision without actions.
Decision decide(const Input& input);

}  // namespace curfew::core
