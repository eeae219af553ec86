#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "core/denial.hpp"

namespace curfew::core {

// The username of a subject in RBAC: "system:serviceaccount:NAMESPACE:NAME" for a ServiceAccount. Not for a
// Group.
std::string username_of(const api::Subject& subject);

// Whether one of the entries covers this person: User by name, Group by membership, ServiceAccount by its
// username.
bool covers(std::span<const api::Subject> entries, const api::Person& person);

// The requester as a subject; a ServiceAccount's username becomes a ServiceAccount subject.
api::Subject subject_for(const api::Person& requester);

// Why this person's approval does not count under this policy; nullopt if it counts.
std::optional<Denial> approval_denial(const api::AccessRequest& request, const api::AccessPolicy& policy,
                                      const api::Person& person);

// Approvers, the requester and the subject may revoke (or withdraw). So may a person who approved this
// request, even if the policy has changed since or no longer exists.
bool may_revoke(const api::AccessRequest& request, const api::AccessPolicy* policy,
                const api::Person& person);

// Whether the person asked for the access or would get it.
bool is_requester_or_subject(const api::AccessRequest& request, const api::Person& person);

// Whether the person's last word in these decisions, apart from denials, is an approval: one that was not
// taken back.
bool has_standing_approval(std::span<const api::Decision> decisions, std::string_view username);

// "User alice, Group sre": for messages.
std::string describe(std::span<const api::Subject> entries);

}  // namespace curfew::core
