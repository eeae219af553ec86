#pragma once

namespace curfew {

// What glibc's heap is told so that a controller that lists thousands of objects now and then does not hold
// what that took for ever. Before any thread starts.
void configure_heap();

// Gives free pages back to the system, after something that took many for a moment: a list. Milliseconds.
void trim_heap();

}  // namespace curfew
