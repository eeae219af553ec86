#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/access_policy.hpp"

namespace curfew::client {

// What the policy's status warns of to whoever asks for the role; all of it if the role is not known. No
// warning keeps Curfew from trying to grant a request.
std::vector<std::string> warnings_of(const api::AccessPolicy& policy,
                                     const std::optional<api::RoleRef>& role);

}  // namespace curfew::client
