#pragma once

#include <stop_token>
#include <string>

#include "api/managed_binding.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "util/result.hpp"

// Ends or shortens a grant, for decisions (a revocation, a deletion, a policy change) and the revoker
// (expiry).
namespace curfew::expiry {

// Deletes the binding if it still has this UID. Success means that the API server accepted the deletion; the
// binding is gone when the watch reports it. `deletions` holds the UID, so that others trust that report.
Result<kube::DeleteOutcome> delete_binding(kube::Client& client, PendingDeletions& deletions,
                                           const api::BindingRef& binding, std::stop_token stop);

// For a binding that is being deleted but kept by finalizers, and so still grants access: removes the
// finalizers and the subjects. If Curfew may no longer bind the role, the API server refuses to change the
// subjects, but never to remove finalizers alone, which is enough.
Result<void> free_binding(kube::Client& client, const api::BindingRef& binding, std::stop_token stop);

// Moves the end in the binding's annotation to an earlier time.
Result<api::RoleBinding> shorten_binding(kube::Client& client, const api::BindingRef& binding,
                                         TimePoint expires_at, std::stop_token stop);

}  // namespace curfew::expiry
