#pragma once

#include <string>

#include "unit/support/builders.hpp"

// Paths of the builders' objects in the API server.
namespace curfew::testing {

inline const std::string kRequestPath = "/apis/curfew.dev/v1alpha1/namespaces/payments/accessrequests/debug";
inline const std::string kBindingsPath =
    "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings";
inline const std::string kBindingPath = kBindingsPath + "/curfew-" + kUid;
inline const std::string kRecordsPath = "/apis/curfew.dev/v1alpha1/auditrecords";
inline const std::string kGrantedPath = kRecordsPath + "/" + kUid + "-granted";

}  // namespace curfew::testing
