#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace curfew::api {

enum class Verdict { Approve, Deny, Revoke };
enum class ReviewVerdict { Justified, Disputed };
enum class Phase { Pending, Scheduled, Active, Denied, Rejected, TimedOut, Withdrawn, Expired, Revoked };

std::string_view to_string(Verdict verdict);
std::string_view to_string(ReviewVerdict verdict);
std::string_view to_string(Phase phase);

// True for Denied, Rejected, TimedOut, Withdrawn, Expired and Revoked: the request does not change any more.
bool is_terminal(Phase phase);

// Appended by the API server from an annotation, or by the plugin in the name of its user; the guard checks
// both. Outside spec, because spec never changes.
struct Decision {
  Verdict verdict = Verdict::Approve;
  Person person;
  std::string comment;

  bool operator==(const Decision&) const = default;
};

// What somebody says of access after its end. Appended like a Decision, and kept apart from them: a review
// finds room however much was decided.
struct Review {
  ReviewVerdict verdict = ReviewVerdict::Justified;
  Person person;
  std::string comment;

  bool operator==(const Review&) const = default;
};

struct AccessRequestSpec {
  InternedString policy;
  // Of a ClusterAccessRequest: where it asks for access; empty: in the whole cluster.
  std::vector<std::string> namespaces;
  std::optional<RoleRef> role;
  std::optional<Subject> subject;
  InternedString duration;  // empty: the policy's default
  std::string start_time;
  InternedString extends;  // the name of the AccessRequest whose access this prolongs; empty: none
  std::string reason;
  std::optional<Person> requester;

  bool operator==(const AccessRequestSpec&) const = default;
};

// Why a request, or its access, ends. Set when Curfew decides to end access for a reason that is not in the
// request itself, before the binding is gone, and in any case with the end.
struct StatusEnding {
  InternedString reason;  // as in the conditions
  InternedString message;
  InternedString actor;  // username of the person who ended it; empty: nobody did
  TimePoint time;        // of the decision

  bool operator==(const StatusEnding&) const = default;
};

// Who reviews the access after its end: as the policy said when it was granted.
struct ReviewTerms {
  int required = 1;  // distinct people
  std::vector<Subject> reviewers;
  InternedString within;                 // a duration
  std::optional<TimePoint> due_at;       // nullopt: the access has not ended
  std::optional<TimePoint> overdue_at;   // when an Event last said so; nullopt: never
  int observed = 0;                      // how many of `reviews` are handled and recorded
  std::vector<std::string> reviewed_by;  // of those, the usernames of the ones that counted

  bool operator==(const ReviewTerms&) const = default;
};

struct AccessRequestStatus {
  std::optional<Phase> phase;  // nullopt: never reconciled
  bool complete = false;
  std::optional<PolicyRef> policy;
  std::optional<Subject> subject;
  std::optional<RoleRef> role_ref;
  InternedString role_uid;         // the role's UID when the role was first seen
  InternedString role_rules_hash;  // core::rules_hash of its rules at that time
  InternedString duration;
  std::optional<ExtendedRef> extends;  // what spec.extends meant when the request was first seen
  InternedString approvals;            // "1/2"
  std::vector<std::string> approved_by;
  std::optional<TimePoint> requested_at;
  std::optional<TimePoint> approved_at;
  std::optional<TimePoint> granted_at;
  std::optional<TimePoint> expires_at;
  // How far extensions may prolong this access under the policy in force; nullopt: they may not.
  std::optional<TimePoint> extendable_until;
  std::optional<TimePoint> ended_at;
  // Of spec.namespaces, those that were deleted while access was there.
  std::vector<std::string> ended_namespaces;
  std::optional<StatusEnding> ending;
  std::optional<ReviewTerms> review;
  std::string binding_name;
  InternedString on_change;  // the policy's at the time of the grant, for when the policy is gone
  InternedString message;
  std::int64_t observed_generation = 0;
  int observed_decisions = 0;  // how many of `decisions` are handled and recorded
  std::vector<Condition> conditions;

  bool operator==(const AccessRequestStatus&) const = default;
};

// Or a ClusterAccessRequest: HasClusterKind.
struct AccessRequest {
  static constexpr std::string_view kKind = "AccessRequest";
  static constexpr std::string_view kPath = "/apis/curfew.dev/v1alpha1";
  static constexpr std::string_view kPlural = "accessrequests";
  static constexpr std::string_view kClusterKind = "ClusterAccessRequest";
  static constexpr std::string_view kClusterPlural = "clusteraccessrequests";

  ObjectMeta metadata;
  AccessRequestSpec spec;
  std::vector<Decision> decisions;
  std::vector<Review> reviews;
  AccessRequestStatus status;
};

// Where the request asks for access: its namespace, or those that it lists; {""}: in the whole cluster. There
// is one binding in each.
std::vector<std::string> places_of(const AccessRequest& request);
bool is_place_of(const AccessRequest& request, std::string_view ns);

// "curfew-UID": the RoleBinding or ClusterRoleBinding that carries this request's grant.
std::string binding_name(const AccessRequest& request);

// Whether it is a ClusterAccessRequest.
bool is_cluster_scoped(const AccessRequest& request);

nlohmann::json encode(const AccessRequest& request);

// The status alone (what is below "status") as a JSON merge patch that replaces all of it: every field is
// present, and null if it is empty, also in nested objects.
nlohmann::json encode_status_patch(const AccessRequestStatus& status);

}  // namespace curfew::api
