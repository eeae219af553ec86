#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/audit_record.hpp"
#include "api/rbac.hpp"
#include "core/check/absence.hpp"
#include "core/input.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// What this process knows about one binding of a request beyond the stores.
struct BindingNote {
  std::string where;  // its namespace; empty: the whole cluster
  // Of the binding that Curfew created, or found when it first saw the request Active; empty: not known. Any
  // other binding of that name was created by someone else.
  std::string granted_uid;
  // The last state of a binding that the watch reported gone, and when; null: not known.
  std::shared_ptr<const api::RoleBinding> gone;
  std::optional<TimePoint> gone_at;

  std::string gone_uid() const { return gone ? gone->metadata.uid : std::string(); }
};

// What this process knows about one request beyond the stores. Copies are cheap.
struct RequestNote {
  std::vector<BindingNote> bindings;  // those of which there is something to know
  BindingNote binding_in(std::string_view where) const;

  // The Granted record as stored; it determines the times of the grant.
  std::shared_ptr<const api::AuditRecord> granted;
  // The end record as stored, while the status does not show the end yet.
  std::shared_ptr<const api::AuditRecord> end;
  // The number of decisions on the live request that Curfew has seen; nullopt if it has not seen the request
  // under a policy while the guard was in force.
  std::optional<int> observed_decisions;
  // How many of the first decisions arrived while the guard was not in force or no replica led. Unless Curfew
  // has seen them before, anyone may have written them.
  int unwatched_decisions = 0;
  int unwatched_reviews = 0;  // the same of the reviews
  // When the watch reported the request during this term; nullopt if it was there when the term began.
  std::optional<TimePoint> appeared_at;
  // What a status announced: written by this replica, or there when its term began.
  std::shared_ptr<const api::StatusEnding> announced;
  // As core::Input::review_records.
  std::vector<std::string> review_records;
  // At the last look: what the request rests on and is away, and since when.
  core::Presence presence;
  std::shared_ptr<const core::GrantFailure> failure;
  // How what the request extends ended, once it has.
  std::shared_ptr<const core::Extended::End> extended_end;
  std::shared_ptr<const core::Denial> deleted_for;  // why Curfew deletes the binding
  // The API server's message, if it rejected a record or status of the request as invalid.
  std::shared_ptr<const std::string> unstorable;
  // `observed_decisions` is what the status said when this term began, not what this replica has seen.
  bool is_observed_claimed = false;
  bool is_announced_claimed = false;  // the same of `announced`
  bool is_recorded = false;           // the Requested record is known to exist
  bool is_end_absent = false;         // since `appeared_at` it is known that there is no end record
  bool knows_review_records = false;  // those from before this term are among `review_records`
  bool is_warned = false;             // ExpiresSoon has been emitted
};

template <class T>
std::optional<T> copy_of(const std::shared_ptr<const T>& noted) {
  return noted ? std::optional<T>(*noted) : std::nullopt;
}

// One RequestNote a request, by the request's UID, from its first change until forget(). A cache of the
// cluster's state: losing it (a restart) costs a read or a retry, never correctness. Thread-safe.
class RequestNotes {
 public:
  RequestNote of(const std::string& request_uid) const;  // an empty note if there is none

  void remember_granted(api::AuditRecord record);
  void remember_end(api::AuditRecord record);
  void remember_gone(const std::string& request_uid, std::shared_ptr<const api::RoleBinding> binding,
                     TimePoint at);
  void remember_granted_binding(const std::string& request_uid, const std::string& where,
                                const std::string& binding_uid);
  void remember_observed(const std::string& request_uid, int decisions);
  // What the status says at the begin of a term, until confirm_observed() or forget_observed().
  void claim_observed(const std::string& request_uid, int decisions);
  void confirm_observed(const std::string& request_uid);
  void forget_observed(const std::string& request_uid);
  void remember_unwatched(const std::string& request_uid, int decisions);
  void remember_review_record(const std::string& request_uid, const std::string& name);
  void know_review_records(const std::string& request_uid, const std::vector<std::string>& names);
  void remember_unwatched_reviews(const std::string& request_uid, int reviews);
  void remember_presence(const std::string& request_uid, const core::Presence& presence);
  void remember_recorded(const std::string& request_uid);
  void remember_announced(const std::string& request_uid, api::StatusEnding ending);
  void claim_announced(const std::string& request_uid, api::StatusEnding ending);
  void remember_appeared(const std::string& request_uid, TimePoint at);
  void remember_end_absent(const std::string& request_uid);
  void remember_failure(const std::string& request_uid, core::GrantFailure failure);
  // Moves the next attempt of a forbidden grant to `at`, if it is not earlier. Returns whether there is one.
  bool retry_forbidden_grant(const std::string& request_uid, TimePoint at);
  void remember_deleted_for(const std::string& request_uid, core::Denial why);
  void remember_unstorable(const std::string& request_uid, std::string message);
  void remember_extended_end(const std::string& request_uid, core::Extended::End end);
  void remember_warned(const std::string& request_uid);

  // Drops the note of a request that is over.
  void forget(const std::string& request_uid, TimePoint now);
  // Whether the note of that request was dropped a short while ago: kRememberForgotten, or less if many were.
  bool was_forgotten(const std::string& request_uid) const;

  static constexpr std::chrono::minutes kRememberForgotten{2};

  // All Granted records from before this term are remembered: an Active request with none was never granted.
  void know_all_records();
  bool knows_all_records() const;

  // Drops what another replica may have changed or ended during its term.
  void begin_term(TimePoint now);
  TimePoint term_began() const;

 private:
  template <class Change>
  void change(const std::string& request_uid, Change change);

  struct State {
    std::map<std::string, RequestNote> notes;
    std::set<std::string> forgotten;
    std::deque<std::pair<TimePoint, std::string>> forgotten_at;  // the same, in order
    bool knows_all_records = false;
    TimePoint term_began;
  };
  Guarded<State> state_;
};

}  // namespace curfew::reconcile
