#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/rbac.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "kube/scoped_store.hpp"
#include "util/guarded.hpp"

namespace curfew::limits {

// Selects the audit records of a subject under a policy. Also matches other subjects of the same name.
kube::Selection records_of(const api::Subject& subject, const std::string& policy);
// How records can name the subject: a ServiceAccount as one, or as a User by its username.
std::vector<api::Subject> spellings_of(const api::Subject& subject);

// The active grants and last ended grant of a person under a policy with limits. A grant counts for its
// subject. Thread-safe.
class UsageIndex {
 public:
  // `is_granted`: whether a Granted record of the request with that UID is known.
  UsageIndex(const kube::ScopedStore<api::AccessRequest>& requests,
             const kube::ScopedStore<api::RoleBinding>& bindings,
             std::function<bool(const std::string&)> is_granted, kube::Client& client)
      : requests_(requests), bindings_(bindings), is_granted_(std::move(is_granted)), client_(client) {}

  // Usage for the limits of the request's policy; empty if it has none. If the policy has a cooldown, reads
  // the subject's audit records: once per term, and each time for an extension. `extends`: the UID of the
  // request that it extends, which does not count, nor does what that one extends; empty if it extends none.
  Result<core::Usage> usage_of(const api::AccessRequest& request, const api::AccessPolicy& policy,
                               std::stop_token stop, const std::string& extends = {});

  // Called with each record that this process has written.
  void recorded(const api::AuditRecord& record);

  // Called when leadership is lost: other replicas may now write records, so that the known ends are dropped.
  void forget();

 private:
  using Whose = std::pair<std::string, std::string>;  // policy, username

  int count_active(const api::AccessRequest& request, const Whose& whose, const std::string& extends) const;
  Result<std::optional<TimePoint>> last_end(const api::Subject& subject, const Whose& whose,
                                            const std::stop_token& stop);
  Result<std::optional<TimePoint>> read_last_end(const api::Subject& subject, const Whose& whose,
                                                 const std::string& extends, const std::stop_token& stop);

  const kube::ScopedStore<api::AccessRequest>& requests_;
  const kube::ScopedStore<api::RoleBinding>& bindings_;
  const std::function<bool(const std::string&)> is_granted_;
  kube::Client& client_;
  struct Ends {
    std::map<Whose, std::optional<TimePoint>> last;
    // Ends that are recorded while the earlier ones are read, and may be in no page.
    std::map<Whose, std::optional<TimePoint>> during_read;
  };
  Guarded<Ends> ends_;
};

}  // namespace curfew::limits
