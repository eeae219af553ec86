#pragma once

#include "cli/candidates.hpp"
#include "cli/session.hpp"

namespace curfew::cli {

// The flags by which a wish is told, for the verbs that have one.
void add_request_flags(CLI::App& command, RequestOptions& wish);

// The candidates against which nothing stands; those of which not all can be seen only where there are no
// others. None: throws ExitError, with what stands against those that come closest.
std::vector<const Candidate*> fitting_of(const std::vector<Candidate>& all, const RequestOptions& wish);

}  // namespace curfew::cli
