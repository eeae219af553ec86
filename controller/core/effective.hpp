#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/input.hpp"

// What a request is about: what its status has pinned, else what its spec says, else what the policy has for
// it. effective_role stands in input.hpp.
namespace curfew::core {

// The duration's text, perhaps not a duration; empty where nothing says one.
std::string effective_duration(const api::AccessRequest& request, const api::AccessPolicy* policy);

// Who gets the access; nullopt while nobody is known to have asked.
std::optional<api::Subject> effective_subject(const api::AccessRequest& request);

// This version of a policy, as statuses and records name it.
api::PolicyRef reference_to(const api::AccessPolicy& policy);

// Whether the request was decided about under a policy before: its status names the first.
bool had_policy(const api::AccessRequest& request);

// The request's status with all that can be pinned now, phase Pending where it had none. What has been pinned
// before stays.
api::AccessRequestStatus pinned_status(const Input& input);

}  // namespace curfew::core
