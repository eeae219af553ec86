#pragma once

#include <string>
#include <string_view>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/rbac.hpp"
#include "util/time.hpp"

// The records of RoleBindings that bear Curfew's label and belong to no grant.
namespace curfew::core {

// "... is not Curfew's: it is left alone", for a binding without the name of a grant.
std::string describe_foreign(const api::RoleBinding& binding, std::string_view request_uid);

// "... was made by somebody: DIFFERENCE; it is ended", for a binding that looks like a grant.
std::string describe_forged(const api::RoleBinding& binding, std::string_view difference);

// Named after `request`, so that all records of a request are adjacent; after the binding's own UID if it is
// null.
api::AuditRecord tampering_record(const api::RoleBinding& binding, const api::AccessRequest* request,
                                  std::string message, TimePoint now);

}  // namespace curfew::core
