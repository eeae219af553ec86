#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/rbac.hpp"

namespace curfew::core {

// What a role allows, as a SHA-256 of its rules; their order, and the order within them, mean nothing to RBAC
// and nothing here.
std::string rules_hash(std::span<const api::PolicyRule> rules);

// Powers with which somebody keeps access after the grant has ended: a credential, code that runs on, a
// binding, another's identity. A string a resource, in RBAC's words: "create/patch pods". A rule counts
// whatever its resourceNames. Of kinds that Kubernetes and Curfew bring; what else in a cluster makes Pods or
// credentials is not known here. Empty: none.
std::vector<std::string> outliving_powers(std::span<const api::PolicyRule> rules);

}  // namespace curfew::core
