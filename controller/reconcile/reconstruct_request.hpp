#pragma once

#include <memory>
#include <vector>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/rbac.hpp"

// Reconstructs a departed request from its binding or its records: enough to end its grant and to record its
// end. Pure.
namespace curfew::reconcile {

// From the binding of its grant: an Active request.
std::shared_ptr<const api::AccessRequest> request_of(const api::RoleBinding& binding);

// From its audit records, in any order: as its access ended if that is recorded, else Active if one of them
// is Granted, else Pending; with the approvals and reviews that counted. `records` must not be empty.
std::shared_ptr<const api::AccessRequest> request_of(const std::vector<api::AuditRecord>& records);

// Whether the records of one request tell that a review was asked for, and neither that there was one nor
// that a deletion evaded it.
bool is_review_open(const std::vector<api::AuditRecord>& records);

}  // namespace curfew::reconcile
