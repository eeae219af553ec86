#pragma once

#include <optional>
#include <span>
#include <string>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "core/denial.hpp"

namespace curfew::core {

// The username that RBAC knows a subject by: "system:serviceaccount:NAMESPACE:NAME" for a ServiceAccount. Not
// for a Group.
std::string username_of(const api::Subject& subject);

// Whether one of the entries covers this person: User by name, Group by membership, ServiceAccount by its
// username.
bool covers(std::span<const api::Subject> entries, const api::Person& person);

// Who gets the access: status.subject once pinned, else the requester; a ServiceAccount's username becomes a
// ServiceAccount subject.
api::Subject subject_for(const api::Person& requester);

// Why this person's approval does not count under this policy; nullopt: it counts.
std::optional<Denial> approval_denial(const api::AccessRequest& request, const api::AccessPolicy& policy,
                                      const api::Person& person);

// Approvers, the requester and the subject may revoke (or withdraw), and whoever approved this request,
// whatever the policy says since and whether there still is one.
bool may_revoke(const api::AccessRequest& request, const api::AccessPolicy* policy,
                const api::Person& person);

// "User alice, Group sre": for messages.
std::string describe(std::span<const api::Subject> entries);

}  // namespace curfew::core
