#pragma once

#include <optional>
#include <string>

#include "core/action.hpp"
#include "core/decide/tally.hpp"
#include "core/input.hpp"

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

// Whether name and label mark the binding as this request's grant, regardless of its owner.
bool is_named_for(const api::AccessRequest& request, const api::RoleBinding& binding);

// Whether name, label and ownerReference mark the binding as owned by this request.
bool is_ours(const api::AccessRequest& request, const api::RoleBinding& binding);

// How the binding differs from what was granted, as a sentence; nullopt if it does not. `expires_at`: the
// end, if known from elsewhere. An earlier end in the binding is not a difference: the grant was shortened.
std::optional<std::string> difference(const api::AccessRequest& request, const api::RoleBinding& binding,
                                      std::optional<TimePoint> expires_at);

// How the binding of `input` was tampered with, as a sentence; nullopt if it was not. `expires_at` as above.
std::optional<std::string> tampering(const Input& input, std::optional<TimePoint> expires_at);

// Deletes the binding; frees it if finalizers hold its deletion; no action if the deletion completes by
// itself. `why`: if the request itself does not say it.
Decision remove(const api::RoleBinding& binding, std::optional<Denial> why = std::nullopt);

}  // namespace curfew::core
