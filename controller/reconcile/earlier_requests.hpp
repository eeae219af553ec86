#pragma once

#include <optional>
#include <stop_token>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "util/result.hpp"

namespace curfew::reconcile {

// The audit records of all requests that have, or had, this request's namespace and name.
kube::Selection records_of_name(const api::ObjectKey& key);

// Whether an earlier request of the same namespace and name was ended for a reason that making it again must
// not undo: see core::EarlierRequest. Reads audit records where the request has a startTime, or its policy
// says limits.onceByName, and asks nothing otherwise.
Result<std::optional<core::EarlierRequest>> find_earlier_request(kube::Client& client,
                                                                 const api::AccessRequest& request,
                                                                 const api::AccessPolicy& policy,
                                                                 const std::stop_token& stop);

}  // namespace curfew::reconcile
