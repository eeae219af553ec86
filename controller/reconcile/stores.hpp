#pragma once

#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/rbac.hpp"
#include "kube/scoped_store.hpp"
#include "reconcile/decoders.hpp"
#include "reconcile/offered_roles.hpp"

namespace curfew::reconcile {

// The stores that the watches keep current; the reflectors write, all others read.
struct Stores {
  kube::ScopedStore<api::AccessRequest> requests;  // live ones only: status.complete != true
  kube::Store<api::AccessPolicy> policies;
  kube::ScopedStore<api::RoleBinding> bindings;  // managed ones only: labelled curfew.dev/request-uid
  kube::Store<api::Namespace> namespaces;
  kube::Store<RoleSummary> cluster_roles;
  kube::Store<RoleSummary> roles;  // of offered names only
  OfferedRoles offered_roles;

  // The resources whose first list is not complete yet.
  std::vector<std::string> unsynced() const {
    std::vector<std::string> resources;
    const auto check = [&](const auto& store, const char* resource) {
      if (!store.synced()) resources.emplace_back(resource);
    };
    check(requests.namespaced(), "accessrequests");
    check(requests.cluster(), "clusteraccessrequests");
    check(policies, "accesspolicies");
    check(bindings.namespaced(), "rolebindings");
    check(bindings.cluster(), "clusterrolebindings");
    check(namespaces, "namespaces");
    check(cluster_roles, "clusterroles");
    check(roles, "roles");
    return resources;
  }
};

}  // namespace curfew::reconcile
