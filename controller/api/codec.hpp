#pragma once

#include <nlohmann/json_fwd.hpp>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/coordination.hpp"
#include "api/event.hpp"
#include "api/rbac.hpp"
#include "util/result.hpp"

// JSON of the Kinds. Decoding ignores unknown fields (a newer schema), takes absent and null fields as their
// defaults, and answers Decode, naming the field, for one of the wrong type; it never throws. Encoding leaves
// out what is empty, and writes apiVersion and kind.
namespace curfew::api {

template <class T>
Result<T> decode(const nlohmann::json& json);  // for each Kind in this folder

nlohmann::json encode(const AccessRequest& request);
nlohmann::json encode(const AccessPolicy& policy);
nlohmann::json encode(const AuditRecord& record);
nlohmann::json encode(const RoleBinding& binding);
nlohmann::json encode(const Lease& lease);
nlohmann::json encode(const Event& event);

// The status alone (what stands below "status"), every field present, null where it is empty, nested objects
// too: as a JSON merge patch it replaces all that was there.
nlohmann::json encode_status_patch(const AccessRequestStatus& status);
nlohmann::json encode_status_patch(const AccessPolicyStatus& status);

}  // namespace curfew::api
