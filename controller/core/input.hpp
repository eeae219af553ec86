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

// What is known of the role that a request would get.
struct RoleFacts {
  std::string uid;
  std::string rules_hash;      // core::rules_hash
  bool is_aggregated = false;  // its rules come and go with other people's ClusterRoles
};

// What the person who would get the access already has, or had, under the same policy; this request itself
// does not count.
struct Usage {
  int active = 0;  // grants made or under way
  std::optional<TimePoint>
      last_end;  // of the last one that ended; known only where the policy has a cooldown
};

// A request of the same namespace and name that was denied, revoked or deleted (with limits.onceByName: also
// one that ran out), asked for again: with the same startTime and duration, or under a policy that says
// limits.onceByName. What somebody ended must not come back because a repository still has it.
struct EarlierRequest {
  std::string uid;
  std::string message;            // how it ended, as recorded
  std::optional<TimePoint> time;  // when that was recorded; nullopt: it was not
};

// One audit record that stands for many requests.
struct RecordSummary {
  std::string record_name;
  std::string message;       // of that record: it says for which requests it stands
  bool is_recorded = false;  // it has been written
};

// More requests come than anyone can mean: this one, first seen now, is not looked at.
struct Flood {
  std::string message;  // what was exceeded, with the figures, and what to do
  RecordSummary summary;
};

// Whether the admission policies that establish who asked and who approved are what Curfew ships.
struct GuardState {
  bool in_force = false;
  TimePoint since;  // in force without a break since then; what was first said earlier is not believed unless
                    // it was seen before
  std::string difference;  // what is wrong, as a sentence, while not in force
};

// Why the last attempt to create the binding failed, and when to try again. Kept in memory: a restart simply
// tries again.
struct GrantFailure {
  std::string reason;   // a condition's reason
  std::string message;  // the API server's own words
  TimePoint retry_at;
};

struct Settings {
  std::chrono::seconds not_found_grace{5};  // files applied together arrive in any order
  std::chrono::milliseconds end_lead =
      api::kEndLead;      // a binding that goes within this of its end has expired, not been removed
  bool ends_all = false;  // Curfew is being removed: all access ends, and what waits is left as it is
};

// Everything that a decision about one request depends on. Null pointers: the object does not exist.
struct Input {
  std::shared_ptr<const api::AccessRequest>
      request;  // never null; the last known state when `request_is_gone`
  bool request_is_gone = false;
  std::shared_ptr<const api::AccessPolicy> policy;
  std::vector<Denial> policy_problems;  // of that policy: core::policy_problems
  std::shared_ptr<const TimeZone>
      time_zone;  // of that policy's schedule; null: it has none, or the zone is unknown
  std::shared_ptr<const api::Namespace> ns;
  std::optional<RoleFacts> role;  // of the pinned role, or the one that first sight would pin
  std::optional<Flood> flood;
  std::optional<RecordSummary>
      without_policy;  // it never had a policy, and if it ends so, this is its record
  Usage usage;
  std::optional<EarlierRequest> earlier;  // looked for at first sight only
  std::shared_ptr<const api::RoleBinding>
      binding;  // named for this request; carrying its label, unless somebody took it away
  std::string granted_binding_uid;  // of the binding that Curfew made for it; empty where it is not known
  std::string binding_uid;  // of that binding, or of the last one there was; empty where it is not known
  std::optional<api::AuditRecord> granted_record;  // as stored, where it is known to exist
  bool is_unrecorded = false;                      // it is known that there is no such record
  bool is_end_unrecorded =
      false;  // there is one, the status says that the request is over, and no record says how it ended
  std::optional<int> observed_decisions;  // how many Curfew has seen, whatever the status says; nullopt: it
                                          // has not seen the request
  int unwatched_decisions = 0;  // so many, of the first, came while the guard was not in force or no replica
                                // led; those beyond came under Curfew's eyes
  std::optional<api::AuditRecord>
      end_record;  // as stored, where one is known to exist while the request goes on
  std::optional<GrantFailure> grant_failure;
  std::optional<std::string>
      unstorable;  // the API server's words, where it refused a record or a status of this request as invalid
  GuardState guard;
  Settings settings;
  TimePoint now;
};

// The role that a request is about: pinned in its status, else named in its spec, else the only one that the
// policy offers.
std::optional<api::RoleRef> effective_role(const api::AccessRequest& request,
                                           const api::AccessPolicy* policy);

}  // namespace curfew::core
