#pragma once

#include <string>
#include <vector>

#include "api/access_request.hpp"
#include "api/meta.hpp"
#include "api/rbac.hpp"
#include "util/time.hpp"

namespace curfew::core {

// Where a grant applies: in namespaces, or in the whole cluster.
struct Scope {
  std::vector<std::string> namespaces;  // empty: cluster-wide

  bool is_cluster_wide() const { return namespaces.empty(); }
  bool operator==(const Scope&) const = default;
};

// When access begins and ends, whole seconds.
struct Span {
  TimePoint granted_at;
  TimePoint expires_at;

  bool operator==(const Span&) const = default;
};

// What a request gets. The cluster stores it as a binding (core/decide/binding), which is one way to store
// it: decisions are about the grant.
struct Grant {
  Scope scope;
  api::RoleRef role;
  api::Subject subject;
  Span span;
  std::vector<std::string> approved_by;  // usernames
  std::string extends;                   // the name of the request that it extends; empty: none

  bool operator==(const Grant&) const = default;
};

Scope scope_of(const api::AccessRequest& request);

// "in payments", "in payments and shop", "cluster-wide"
std::string describe(const Scope& scope);

// The grant of `request`, whose role and subject are pinned in `status`.
Grant grant_of(const api::AccessRequest& request, const api::AccessRequestStatus& status, const Span& span);

// "alice has ClusterRole view in payments until 2026-11-24T20:30:00Z, approved by bob"
std::string describe(const Grant& grant);

}  // namespace curfew::core
