#pragma once

#include <nlohmann/json_fwd.hpp>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/coordination.hpp"
#include "api/event.hpp"
#include "api/rbac.hpp"
#include "util/result.hpp"

// JSON of the Kinds. Decoding ignores unknown fields (a newer schema), uses the default for an absent or null
// field, and returns a Decode error that names the field for a wrong type; it never throws. Encoding omits
// empty fields, and writes apiVersion and kind.
namespace curfew::api {

template <class T>
Result<T> decode(const nlohmann::json& json);  // for each Kind in this folder

nlohmann::json encode(const AccessRequest& request);
nlohmann::json encode(const AccessPolicy& policy);
nlohmann::json encode(const AuditRecord& record);
nlohmann::json encode(const RoleBinding& binding);
nlohmann::json encode(const Lease& lease);
nlohmann::json encode(const Event& event);

// Only the content of "status", with every field present and null if empty, in nested objects too: as a JSON
// merge patch it replaces the whole status.
nlohmann::json encode_status_patch(const AccessRequestStatus& status);
nlohmann::json encode_status_patch(const AccessPolicyStatus& status);

}  // namespace curfew::api
