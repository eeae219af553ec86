#pragma once

#include "cli/candidates.hpp"
#include "cli/session.hpp"

namespace curfew::cli {

// Adds the flags that fill `wish`, for the verbs that use one.
void add_request_flags(CLI::App& command, RequestOptions& wish);

// The candidates without an obstacle; those that are not certain only if there are no others. Throws
// ExitError if there are none, with the obstacles of the closest candidates.
std::vector<const Candidate*> fitting_of(const std::vector<Candidate>& all, const RequestOptions& wish);

}  // namespace curfew::cli
