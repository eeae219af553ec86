#pragma once

#include <span>

#include "api/rbac.hpp"

namespace curfew::core {

// Whether `held` allows all that `wanted` allows, as RBAC compares them when a role is bound: whoever holds
// every permission of a role may bind it without the verb bind.
bool cover(std::span<const api::PolicyRule> held, std::span<const api::PolicyRule> wanted);

}  // namespace curfew::core
