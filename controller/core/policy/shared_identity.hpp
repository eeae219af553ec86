#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/access_policy.hpp"

namespace curfew::core {

// Why a username does not stand for one person, as the end of a sentence ("which several people may use");
// nullopt if nothing shows that it does not. Known are the accounts that installers create, roles and
// sessions of AWS IAM as EKS writes them by default, and the API server's own.
std::optional<std::string> why_not_a_person(std::string_view username);

// The Users that a policy names as requesters, subjects and approvers and who are not one person each, as one
// sentence; empty if there are none. That nobody approves their own request rests on it.
std::string describe_shared_identities(const api::AccessPolicySpec& spec);

}  // namespace curfew::core
