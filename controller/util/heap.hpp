#pragma once

namespace curfew {

// Configures glibc's heap so that a controller that occasionally lists thousands of objects does not keep
// that memory for ever. Call before any thread starts.
void configure_heap();

// Returns free pages to the system, after an operation that briefly used many, such as a list. Takes
// milliseconds.
void trim_heap();

}  // namespace curfew
