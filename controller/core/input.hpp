#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/managed_binding.hpp"
#include "api/rbac.hpp"
#include "core/denial.hpp"
#include "util/time.hpp"
#include "util/time_zone.hpp"

namespace curfew::core {

// Facts about the role that a request would get.
struct RoleFacts {
  std::string uid;
  std::string rules_hash;      // core::rules_hash
  bool is_aggregated = false;  // its rules change with other ClusterRoles
};

// What the subject of the request already has or had under the same policy, not counting this request.
struct Usage {
  int active = 0;                     // grants made or in progress
  std::optional<TimePoint> last_end;  // of the last ended grant; known only if the policy has a cooldown
};

// An earlier request of the same namespace and name by the same requester that was denied, revoked, withdrawn
// or deleted (with limits.onceByName: also one that expired) and is made again with the same startTime and
// duration, or under a policy with limits.onceByName. Access that was ended must not return because a Git
// repository still contains the request.
struct EarlierRequest {
  std::string uid;
  std::string message;            // how it ended, as recorded
  std::optional<TimePoint> time;  // when the end was recorded; nullopt if it was not
};

// Earlier access that was to be reviewed, and was not.
struct OverdueReview {
  std::string request;  // "NAMESPACE/NAME" of the request
  TimePoint since;      // when the review was due, or the request was deleted
  // Of one that a deletion evaded; nullopt: until it is reviewed.
  std::optional<TimePoint> blocks_until;
};

// One AuditRecord that many requests share.
struct RecordSummary {
  std::string record_name;
  std::string message;       // of that record: names the requests that it covers
  bool is_recorded = false;  // it has been written
};

// Requests exceed a rate limit: this one, first seen now, is not evaluated.
struct Flood {
  std::string message;  // what was exceeded, with the figures, and what to do
  RecordSummary summary;
};

// Whether the admission policies that establish requester and approvers are those that Curfew ships.
struct GuardState {
  bool in_force = false;
  // In force without interruption since then. Requests and decisions from before are not believed unless
  // Curfew observed them before.
  TimePoint since;
  std::string difference;  // what is wrong, as a sentence, while not in force
};

// Why the last attempt to make the grant was refused, and when to retry. Kept in memory: after a restart,
// Curfew simply retries.
struct GrantFailure {
  std::string reason;   // a condition's reason
  std::string message;  // the API server's message
  TimePoint first_at;   // of the first of the attempts that were refused in a row
  TimePoint tried_at;   // of the last one
  TimePoint retry_at;
};

// Something that the request rests on is away and may come back: its policy, its role, or the labels by which
// its policy selects the namespace.
struct Absence {
  TimePoint since;         // when this process first saw it; from then on without interruption
  bool of_labels = false;  // of the namespace, under an unchanged policy

  bool operator==(const Absence&) const = default;
};

// The access that the request extends, as this replica knows it.
struct Extended {
  // How it ended.
  struct End {
    bool is_by_time = false;  // also that of everything which it extends itself
    // The request of the chain that was the first to end before its time, and the message of its AuditRecord.
    std::string name;
    std::string message;
  };

  // Live, of the name in spec.extends and of the UID in status.extends; null if there is none.
  std::shared_ptr<const api::AccessRequest> request;
  // By the Granted record and the binding, which nobody can change for the better; nullopt if it was never
  // granted. Not looked up for an extension that is Active.
  std::optional<api::ExtendedRef> access;
  bool is_active = false;       // its binding exists, and nothing has begun to end it
  bool is_end_unknown = false;  // it is gone, and no AuditRecord says how it ended
  std::optional<End> end;
  std::string extended_by;  // the name of another granted extension of it; empty if there is none
};

struct Settings {
  // Manifests applied together arrive in any order, and what is replaced is away for a moment.
  std::chrono::seconds not_found_grace{5};
  // A binding that disappears within this time before its end has expired and was not removed.
  std::chrono::milliseconds end_lead = api::kEndLead;
  bool ends_all = false;  // Curfew is being removed: all access ends, waiting requests stay unchanged
  // How long before its end an Event says so of access that may be extended; 0: never.
  std::chrono::seconds expiry_warning{0};
};

// One of the places where the request's access is to be, and the binding there, as this replica knows it.
struct Place {
  std::string where;  // the namespace; empty: the whole cluster
  std::shared_ptr<const api::Namespace> ns;
  // Named for this request; carries its label unless the label was removed.
  std::shared_ptr<const api::RoleBinding> binding;
  std::string granted_binding_uid;  // of the binding that Curfew created for the request; empty if unknown
  std::string binding_uid;          // of `binding`, or of the last one that existed; empty if unknown
  bool is_deleted_here = false;     // this replica has requested the deletion of the binding that is gone
  bool has_ended = false;           // with its namespace, as the status says
  std::optional<TimePoint> binding_gone_at;  // when the watch reported that; nullopt: not known
  // The last state of the binding that is gone, if this replica has seen it go and knows no Granted record.
  std::shared_ptr<const api::RoleBinding> gone_binding;
};

// Everything that a decision about one request depends on. A null pointer means that the object does not
// exist. An Input is about one Place, and about `others` if the request is for several namespaces: then that
// place is one that has a binding as long as there is one, and else the one whose binding went first.
struct Input : Place {
  std::vector<Place> others;
  // Never null; the last known state if `request_is_gone`.
  std::shared_ptr<const api::AccessRequest> request;
  bool request_is_gone = false;
  std::shared_ptr<const api::AccessPolicy> policy;
  std::vector<Denial> policy_problems;  // of `policy`, for the request's role: core::policy_problems
  // Of the schedule of `policy`; null if it has none or the zone is unknown.
  std::shared_ptr<const TimeZone> time_zone;
  std::optional<RoleFacts> role;   // of the pinned role, or the one that first sight would pin
  std::optional<Absence> absence;  // core::observe_presence
  std::optional<Flood> flood;
  // The request never had a policy: if it ends without one, this is its record.
  std::optional<RecordSummary> without_policy;
  Usage usage;
  std::optional<Extended> extended;       // if the request has a spec.extends
  std::optional<EarlierRequest> earlier;  // searched at first sight only
  std::optional<Denial> deleted_for;      // DeleteBinding::why of a deletion that this replica has requested
  std::optional<api::AuditRecord> granted_record;  // as stored, if known to exist
  bool is_unrecorded = false;                      // `granted_record` is known not to exist
  // The status says that a request has ended that was granted, or was seen waiting under a policy, and no
  // AuditRecord says how.
  bool is_end_unrecorded = false;
  bool is_extended = false;  // another request that extends this one is granted
  bool is_warned = false;    // this replica has emitted ExpiresSoon for the request
  // The number of decisions that Curfew has seen, regardless of the status; nullopt if it has not seen the
  // request under a policy while the guard was in force.
  std::optional<int> observed_decisions;
  // The number of leading decisions that arrived while the guard was not in force or no replica led; Curfew
  // watched the arrival of the later ones.
  int unwatched_decisions = 0;
  // Known if the grant is unrecorded, or if decisions are seen after the deadline: who approved, by the
  // records, and how many leading decisions are on record, although the status may not show that yet (a
  // crash).
  std::vector<std::string> recorded_approvers;
  std::size_t recorded_decisions = 0;
  // The status announced an end that Curfew did not: it is left out of `request`.
  bool is_ending_false = false;
  // The status said that the request is complete, and its access has not been reviewed: it is left as it was
  // before in `request`.
  bool is_completion_false = false;
  // The number of leading reviews that arrived while the guard was not in force or no replica led.
  int unwatched_reviews = 0;
  // The names of the records Reviewed and ReviewOverdue of the request that are known to exist.
  std::vector<std::string> review_records;
  // Of the subject's earlier access under this policy; known only if the policy blocks because of it.
  std::optional<OverdueReview> overdue_review;
  // This replica has completed the request, and its status does not say so any more: somebody changed it.
  bool is_revived = false;
  std::optional<api::AuditRecord> end_record;  // as stored, if known to exist
  std::optional<GrantFailure> grant_failure;
  // The API server's message, if it refused a record or a status of this request as invalid.
  std::optional<std::string> unstorable;
  GuardState guard;
  Settings settings;
  TimePoint now;
};

// The place at hand and the others.
std::vector<const Place*> places(const Input& input);

// Whether the place is a namespace that is being deleted or does not exist.
bool is_going(const Place& place);

// The effective role of a request: pinned in its status, else named in its spec, else the only one that the
// policy offers.
std::optional<api::RoleRef> effective_role(const api::AccessRequest& request,
                                           const api::AccessPolicy* policy);

}  // namespace curfew::core
