#pragma once

#include <optional>

#include "core/input.hpp"
#include "util/result.hpp"

namespace curfew::core {

// What the API server's refusal to create a binding means for the request; nullopt for an error that says
// nothing of the grant, such as a lost connection.
std::optional<GrantFailure> grant_failure(const Error& error, TimePoint now, bool is_cluster_wide = false);

}  // namespace curfew::core
