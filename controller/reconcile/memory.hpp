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

// What this process knows beyond the stores. A cache of the cluster's state: losing it (a restart) costs a
// read or a retry, never correctness. Thread-safe.
class Memory {
 public:
  // Departed requests: those that left the watch selection and whose end may not be recorded yet, with their
  // last known state. Several may have had the same name, one after the other; departed() returns the one
  // that left first.
  void remember_departed(std::shared_ptr<const api::AccessRequest> last_state);
  std::shared_ptr<const api::AccessRequest> departed(const api::ObjectKey& key) const;
  bool is_departed(const std::string& uid) const;
  void forget_departed(const api::ObjectKey& key, const std::string& uid);
  std::vector<api::ObjectKey> departed_keys() const;

  // Requests that this process completed itself: when they leave the watch selection, nothing is left to do.
  void remember_completed(const std::string& uid);
  bool was_completed_here(const std::string& uid) const;
  void forget_completed(const std::string& uid);

  // Granted records as stored; they determine the times of a grant.
  void remember_granted(api::AuditRecord record);
  std::optional<api::AuditRecord> granted_record(const std::string& request_uid) const;
  // End records as stored, of requests whose status does not show the end yet.
  void remember_end(api::AuditRecord record);
  std::optional<api::AuditRecord> end_record(const std::string& request_uid) const;

  // The UID of a request's last binding, for its end record.
  void remember_binding(const std::string& request_uid, const std::string& binding_uid);
  std::string last_binding_uid(const std::string& request_uid) const;  // empty: not known

  // The UID of the binding that Curfew created for a request, or found when it first saw the request Active.
  // Any other binding of that name was created by someone else.
  void remember_granted_binding(const std::string& request_uid, const std::string& binding_uid);
  std::string granted_binding_uid(const std::string& request_uid) const;  // empty: not known

  // The number of decisions on a live request that Curfew has seen.
  void remember_observed(const std::string& request_uid, int decisions);
  // nullopt if Curfew has not seen the request.
  std::optional<int> observed_decisions(const std::string& request_uid) const;

  // How many of a request's first decisions arrived while the guard was not in force or no replica led.
  // Unless Curfew has seen them before, anyone may have written them.
  void remember_unwatched(const std::string& request_uid, int decisions);
  int unwatched_decisions(const std::string& request_uid) const;

  // All Granted records from before this term are remembered: an Active request with none was never granted.
  void know_all_records();
  bool knows_all_records() const;

  // Drops what another replica may have changed or ended during its term.
  void begin_term();

  void remember_failure(const std::string& request_uid, core::GrantFailure failure);
  std::optional<core::GrantFailure> failure(const std::string& request_uid) const;

  // The API server rejected a record or status of this request as invalid, with this message.
  void remember_unstorable(const std::string& request_uid, std::string message);
  std::optional<std::string> unstorable(const std::string& request_uid) const;

  // Drops what is remembered about a request that is over.
  void forget(const std::string& request_uid);

 private:
  struct State {
    // No empty vectors.
    std::map<api::ObjectKey, std::vector<std::shared_ptr<const api::AccessRequest>>> departed;
    std::set<std::string> departed_uids;  // of all requests in `departed`
    std::set<std::string> completed;
    std::map<std::string, api::AuditRecord> granted;
    std::map<std::string, api::AuditRecord> ended;
    std::map<std::string, std::string> bindings;
    std::map<std::string, std::string> granted_bindings;
    std::map<std::string, int> observed;
    std::map<std::string, int> unwatched;
    bool knows_all_records = false;
    std::map<std::string, core::GrantFailure> failures;
    std::map<std::string, std::string> unstorable;
  };
  Guarded<State> state_;
};

}  // namespace curfew::reconcile
