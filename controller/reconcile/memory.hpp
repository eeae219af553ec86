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

// What this process knows beyond the stores. A cache of the cluster's truth: losing it (a restart) costs a
// read or a retry, never correctness. Thread-safe.
class Memory {
 public:
  // Requests that left the selection of live ones and whose end may not be recorded yet: their last known
  // state. Several may have had one name, one after the other; departed() is the one that left first.
  void remember_departed(std::shared_ptr<const api::AccessRequest> last_state);
  std::shared_ptr<const api::AccessRequest> departed(const api::ObjectKey& key) const;
  bool is_departed(const std::string& uid) const;
  void forget_departed(const api::ObjectKey& key, const std::string& uid);
  std::vector<api::ObjectKey> departed_keys() const;

  // Requests that this process completed itself: their leaving the selection says nothing new.
  void remember_completed(const std::string& uid);
  bool was_completed_here(const std::string& uid) const;
  void forget_completed(const std::string& uid);

  // Granted records found stored when one was to be written; they fix a grant's times.
  void remember_granted(api::AuditRecord record);
  std::optional<api::AuditRecord> granted_record(const std::string& request_uid) const;
  // Records of ends that were found stored while their requests go on.
  void remember_end(api::AuditRecord record);
  std::optional<api::AuditRecord> end_record(const std::string& request_uid) const;

  // The binding that a request had last: for the record of its end.
  void remember_binding(const std::string& request_uid, const std::string& binding_uid);
  std::string last_binding_uid(const std::string& request_uid) const;  // empty: not known

  // The binding that Curfew made for a request, or found when it first saw the request Active: any other of
  // its name is somebody else's.
  void remember_granted_binding(const std::string& request_uid, const std::string& binding_uid);
  std::string granted_binding_uid(const std::string& request_uid) const;  // empty: not known

  // How many decisions Curfew has seen of a live request.
  void remember_observed(const std::string& request_uid, int decisions);
  std::optional<int> observed_decisions(
      const std::string& request_uid) const;  // nullopt: it has not seen the request

  // How many of the first decisions came while the guard was not in force or no replica led: unless Curfew
  // has seen them before, anybody may have written them.
  void remember_unwatched(const std::string& request_uid, int decisions);
  int unwatched_decisions(const std::string& request_uid) const;

  // Every Granted record that there was when this term began is remembered: an active request that has none
  // was never granted.
  void know_all_records();
  bool knows_all_records() const;

  // What another replica may have changed, or ended, in its term is not known any more.
  void begin_term();

  void remember_failure(const std::string& request_uid, core::GrantFailure failure);
  std::optional<core::GrantFailure> failure(const std::string& request_uid) const;

  // The API server refused what was to be written about this request as invalid, in these words.
  void remember_unstorable(const std::string& request_uid, std::string message);
  std::optional<std::string> unstorable(const std::string& request_uid) const;

  // The request is over: nothing of it is needed any more.
  void forget(const std::string& request_uid);

 private:
  struct State {
    std::map<api::ObjectKey, std::vector<std::shared_ptr<const api::AccessRequest>>>
        departed;                         // no empty ones
    std::set<std::string> departed_uids;  // of all of those
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
