#pragma once

#include <string>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "cli/terminal.hpp"
#include "core/explain.hpp"

namespace curfew::cli {

// "59m left", "2d 3h left", "over": the largest two units, rounded down.
std::string time_left(TimePoint until, TimePoint now);
// "5m", "2d": how long ago, as kubectl's AGE.
std::string age(TimePoint since, TimePoint now);
// "2 of Group sre", "nobody": who would decide.
std::string deciders(const api::AccessPolicy& policy);
// "-" for a request that nobody has looked at yet.
std::string phase_text(const api::AccessRequest& request);
Colour colour_of(const api::AccessRequest& request);
// The first eight characters, which are enough to tell two requests apart.
std::string short_uid(const std::string& uid);
// One line a finding: what it demands, and what is missing.
Printable lines_of(const Terminal& terminal, const std::vector<core::Finding>& findings);
// Who asks; "somebody" where the request does not say.
std::string requester_text(const api::AccessRequest& request);
// "ClusterRole view", or what the request would get by its policy.
std::string role_text(const api::AccessRequest& request);

}  // namespace curfew::cli
