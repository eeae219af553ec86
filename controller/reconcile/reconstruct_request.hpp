#pragma once

#include <memory>
#include <vector>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/rbac.hpp"

// A request that is gone, put together from what it left behind: enough to end its grant and to record its
// end. Pure.
namespace curfew::reconcile {

// From the binding that carries its grant: an Active request.
std::shared_ptr<const api::AccessRequest> request_of(const api::RoleBinding& binding);

// From its audit records, in any order: Active where one of them is Granted, otherwise Pending. Never call
// with none.
std::shared_ptr<const api::AccessRequest> request_of(const std::vector<api::AuditRecord>& records);

}  // namespace curfew::reconcile
