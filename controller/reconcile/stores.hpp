#pragma once

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/rbac.hpp"
#include "kube/store.hpp"

namespace curfew::reconcile {

// What the watches keep current; the reflectors write, everybody else reads.
struct Stores {
  kube::Store<api::AccessRequest> requests;  // live ones only: status.complete != true
  kube::Store<api::AccessPolicy> policies;
  kube::Store<api::RoleBinding> bindings;  // managed ones only: labelled curfew.dev/request-uid
  kube::Store<api::Namespace> namespaces;
  kube::Store<api::ClusterRole> cluster_roles;
  kube::Store<api::Role> roles;

  bool synced() const {
    return requests.synced() && policies.synced() && bindings.synced() && namespaces.synced() && cluster_roles.synced() && roles.synced();
  }
};

}  // namespace curfew::reconcile
