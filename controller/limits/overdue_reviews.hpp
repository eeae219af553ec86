#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "api/rbac.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "util/time.hpp"

namespace curfew::limits {

// Of the subject's ended access under the policy, what was not reviewed in time, by the audit records;
// nullopt if there is none. What a deletion evaded counts for 30 days, because nobody can review it any more.
// Lists the subject's records.
Result<std::optional<core::OverdueReview>> find_overdue_review(kube::Client& client,
                                                               const api::Subject& subject,
                                                               const std::string& policy, TimePoint now,
                                                               const std::stop_token& stop);

}  // namespace curfew::limits
