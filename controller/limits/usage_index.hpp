#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/rbac.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "kube/store.hpp"
#include "util/guarded.hpp"

namespace curfew::limits {

// The audit records of what somebody was given under a policy, and of others who share the name.
kube::Selection records_of(const api::Subject& subject, const std::string& policy);

// What people have and had under policies with limits. Who a grant counts for is who gets the access.
// Thread-safe.
class UsageIndex {
 public:
  // `is_granted`: whether a Granted record of the request with that UID is known.
  UsageIndex(const kube::Store<api::AccessRequest>& requests, const kube::Store<api::RoleBinding>& bindings,
             std::function<bool(const std::string&)> is_granted, kube::Client& client)
      : requests_(requests), bindings_(bindings), is_granted_(std::move(is_granted)), client_(client) {}

  // For the limits of the request's policy; empty where there are none. Where the policy has a cooldown,
  // reads the person's audit records, once a term.
  Result<core::Usage> usage_of(const api::AccessRequest& request, const api::AccessPolicy& policy,
                               std::stop_token stop);

  // A record that this process has written.
  void recorded(const api::AuditRecord& record);

  // Others may lead and write from now on: what is known of ends is of no use any more.
  void forget();

 private:
  using Whose = std::pair<std::string, std::string>;  // policy, username

  int count_active(const api::AccessRequest& request, const Whose& whose) const;
  Result<std::optional<TimePoint>> last_end(const api::Subject& subject, const Whose& whose,
                                            const std::stop_token& stop);

  const kube::Store<api::AccessRequest>& requests_;
  const kube::Store<api::RoleBinding>& bindings_;
  const std::function<bool(const std::string&)> is_granted_;
  kube::Client& client_;
  Guarded<std::map<Whose, std::optional<TimePoint>>> last_ends_;
};

}  // namespace curfew::limits
