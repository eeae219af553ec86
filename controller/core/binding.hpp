#pragma once

#include <optional>
#include <string>

#include "core/action.hpp"
#include "core/input.hpp"
#include "core/tally.hpp"

namespace curfew::core {

// When access begins and ends, whole seconds.
struct GrantTimes {
  TimePoint granted_at;
  TimePoint expires_at;
};

// The RoleBinding that carries this grant. The request's role and subject must be pinned in `status`.
api::RoleBinding binding_for(const api::AccessRequest& request, const api::AccessRequestStatus& status,
                             const GrantTimes& times);
api::ObjectReference reference_to(const api::RoleBinding& binding);

// Name and label say that it carries this request's grant, whoever owns it.
bool is_named_for(const api::AccessRequest& request, const api::RoleBinding& binding);

// Name, label and ownerReference say that this request owns it.
bool is_ours(const api::AccessRequest& request, const api::RoleBinding& binding);

// What in the binding is not as it was granted, as a sentence; nullopt: nothing. `expires_at`: where it is
// known from elsewhere; an earlier end in the binding takes nothing from anybody: it was shortened.
std::optional<std::string> difference(const api::AccessRequest& request, const api::RoleBinding& binding,
                                      std::optional<TimePoint> expires_at);

// What somebody did to the binding of `input`, as a sentence; nullopt: nothing. `expires_at` as above.
std::optional<std::string> tampering(const Input& input, std::optional<TimePoint> expires_at);

// Deletes it; frees it where it is held while being deleted; nothing where it goes by itself.
Decision remove(const api::RoleBinding& binding);

}  // namespace curfew::core
