#pragma once

#include <optional>
#include <stop_token>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "util/result.hpp"

namespace curfew::reconcile {

// Selects the audit records of all requests that have, or had, this namespace and name.
kube::Selection records_of_name(const api::ObjectKey& key);

// Finds an earlier request of the same namespace and name whose end must not be undone by creating it again:
// see core::EarlierRequest. Reads audit records only if the request has a startTime or its policy sets
// limits.onceByName.
Result<std::optional<core::EarlierRequest>> find_earlier_request(kube::Client& client,
                                                                 const api::AccessRequest& request,
                                                                 const api::AccessPolicy& policy,
                                                                 const std::stop_token& stop);

}  // namespace curfew::reconcile
