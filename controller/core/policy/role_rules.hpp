#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/rbac.hpp"

namespace curfew::core {

// SHA-256 of the rules of a role. The order of the rules, and the order within them, does not matter, as in
// RBAC.
std::string rules_hash(std::span<const api::PolicyRule> rules);

// Powers that allow a subject to keep access after the grant has ended: a credential, code that keeps
// running, a binding, the identity of another. One string per resource, in RBAC terms: "create/patch pods". A
// rule counts regardless of its resourceNames. Covers kinds of Kubernetes and Curfew; other kinds that create
// Pods or credentials are not known here. Empty if none.
std::vector<std::string> outliving_powers(std::span<const api::PolicyRule> rules);

}  // namespace curfew::core
