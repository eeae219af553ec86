#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/input.hpp"

// The effective values of a request: pinned in its status, else given in its spec, else taken from the
// policy. effective_role is declared in input.hpp.
namespace curfew::core {

// The text of the duration, possibly invalid; empty if none is given.
std::string effective_duration(const api::AccessRequest& request, const api::AccessPolicy* policy);

// The subject that gets the access: pinned in the status, else spec.subject, else the requester; nullopt if
// none of these is known.
std::optional<api::Subject> effective_subject(const api::AccessRequest& request);

// What the request extends: as recorded with its grant, else pinned in the status, else as it is now; nullopt
// if it extends nothing, or nothing that has access.
std::optional<api::ExtendedRef> effective_extends(const Input& input);

// A reference to this version of a policy, as in statuses and records.
api::PolicyRef reference_to(const api::AccessPolicy& policy);

// Whether the request was decided under a policy before: its status names the first one.
bool had_policy(const api::AccessRequest& request);

// The request's status with everything that can be pinned now, and phase Pending if it had none. Values
// pinned before stay.
api::AccessRequestStatus pinned_status(const Input& input);

}  // namespace curfew::core
