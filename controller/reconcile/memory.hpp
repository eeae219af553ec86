#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "core/input.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// What this process knows beyond the stores. A cache of the cluster's truth: losing it (a restart) costs a read or a retry, never correctness.
// Thread-safe.
class Memory {
 public:
  // Requests that left the selection of live ones and whose end may not be recorded yet: their last known state.
  void remember_departed(std::shared_ptr<const api::AccessRequest> last_state);
  std::shared_ptr<const api::AccessRequest> departed(const api::ObjectKey& key) const;
  void forget_departed(const api::ObjectKey& key, const std::string& uid);
  std::vector<api::ObjectKey> departed_keys() const;

  // Requests that this process completed itself: their leaving the selection says nothing new.
  void remember_completed(const std::string& uid);
  bool was_completed_here(const std::string& uid) const;
  void forget_completed(const std::string& uid);

  // Granted records found stored when one was to be written; they fix a grant's times.
  void remember_granted(api::AuditRecord record);
  std::optional<api::AuditRecord> granted_record(const std::string& request_uid) const;

  // The binding that a request had last: for the record of its end.
  void remember_binding(const std::string& request_uid, const std::string& binding_uid);
  std::string last_binding_uid(const std::string& request_uid) const;  // empty: not known

  void remember_failure(const std::string& request_uid, core::GrantFailure failure);
  std::optional<core::GrantFailure> failure(const std::string& request_uid) const;

  // The request is over: nothing of it is needed any more.
  void forget(const std::string& request_uid);

 private:
  struct State {
    std::map<api::ObjectKey, std::shared_ptr<const api::AccessRequest>> departed;
    std::set<std::string> completed;
    std::map<std::string, api::AuditRecord> granted;
    std::map<std::string, std::string> bindings;
    std::map<std::string, core::GrantFailure> failures;
  };
  Guarded<State> state_;
};

}  // namespace curfew::reconcile
