#pragma once

#include <optional>
#include <string>

#include "core/action.hpp"
#include "core/decide/tally.hpp"
#include "core/grant.hpp"
#include "core/input.hpp"

namespace curfew::core {

// How a grant is stored, and read back: as a RoleBinding in each of its namespaces, or as a
// ClusterRoleBinding. What is decided about it elsewhere does not depend on that.
api::RoleBinding binding_for(const api::AccessRequest& request, const Grant& grant, const std::string& where);
// The binding of the request's grant, which need not exist; of several, the first.
api::BindingRef binding_of(const api::AccessRequest& request);
std::string describe(const api::BindingRef& binding);  // "RoleBinding curfew-3f2a..."
api::ObjectReference object_of(const api::BindingRef& binding);

// Whether name and label mark the binding as this request's grant, regardless of its owner.
bool is_named_for(const api::AccessRequest& request, const api::RoleBinding& binding);

// Whether name, label and ownerReference mark the binding as owned by this request.
bool is_ours(const api::AccessRequest& request, const api::RoleBinding& binding);

// How the binding differs from what was granted, as a sentence; nullopt if it does not. `expires_at`: the
// end, if known from elsewhere. An earlier end in the binding is not a difference: the grant was shortened.
std::optional<std::string> difference(const api::AccessRequest& request, const api::RoleBinding& binding,
                                      std::optional<TimePoint> expires_at);

// How a binding of `input` was tampered with, as a sentence; nullopt if none was. `expires_at` as above.
std::optional<std::string> tampering(const Input& input, std::optional<TimePoint> expires_at);

// Deletes each binding of the request; frees it if finalizers hold its deletion; no action if the deletion
// completes by itself. `why`: if the request itself does not say it.
Decision remove(const Input& input, const std::optional<Denial>& why = std::nullopt);

// "RoleBinding curfew-3f2a...", of a request for several namespaces with its own.
std::string describe_binding(const Input& input, const Place& place);

}  // namespace curfew::core
