#pragma once

#include <stop_token>
#include <string>

#include "api/meta.hpp"
#include "api/rbac.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "util/result.hpp"

// Taking a grant away, or some of it: shared by decisions (a revocation, a deletion, a policy that changed)
// and the revoker (time is up).
namespace curfew::expiry {

// Deletes the binding if it still has this UID. Success means that the API server took it; gone it is when
// the watch says so, which `deletions` lets others believe.
Result<kube::DeleteOutcome> delete_binding(kube::Client& client, PendingDeletions& deletions,
                                           const api::ObjectKey& key, const std::string& uid,
                                           std::stop_token stop);

// For a binding that is being deleted and held by finalizers, which goes on granting: lifts them and empties
// its subjects. Where Curfew may no longer bind the role, the API server refuses to change the subjects, but
// never to lift finalizers, which is enough.
Result<void> free_binding(kube::Client& client, const api::ObjectKey& key, const std::string& uid,
                          std::stop_token stop);

// Moves the end that the binding states to an earlier one.
Result<api::RoleBinding> shorten_binding(kube::Client& client, const api::ObjectKey& key,
                                         const std::string& uid, TimePoint expires_at, std::stop_token stop);

}  // namespace curfew::expiry
