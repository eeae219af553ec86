#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "api/access_request.hpp"
#include "api/meta.hpp"

namespace curfew::api {

enum class AuditAction {
  Requested,
  Approved,
  Denied,
  Granted,
  Expired,
  Revoked,
  Withdrawn,
  TimedOut,
  Rejected,
  Failed,
  Tampered,
  PolicyViolation,
  Shortened,
  ApprovalWithdrawn,
  ReviewRequested,
  Reviewed,
  ReviewOverdue,
  ReviewEvaded,
  Narrowed
};

std::string_view to_string(AuditAction action);
// Whether the action is the last step of a request.
bool is_end(AuditAction action);

struct RequestRef {
  std::string ns;
  std::string name;
  std::string uid;

  bool operator==(const RequestRef&) const = default;
};

struct RecordedBinding {
  std::string name;
  std::string uid;  // empty while it does not exist yet

  bool operator==(const RecordedBinding&) const = default;
};

// One immutable step of a request's lifecycle. The request's own state determines all fields except `time`
// and the grant's times.
struct AuditRecord {
  static constexpr std::string_view kKind = "AuditRecord";
  static constexpr std::string_view kPath = "/apis/curfew.dev/v1alpha1";
  static constexpr std::string_view kPlural = "auditrecords";

  ObjectMeta metadata;
  AuditAction action = AuditAction::Requested;
  TimePoint time;
  std::optional<Person> actor;  // nullopt: Curfew itself, or unknown (a deletion)
  RequestRef request;
  std::vector<std::string> namespaces;  // of a request for several
  std::optional<PolicyRef> policy;
  std::optional<RoleRef> role;
  std::optional<Subject> subject;
  std::string reason;   // the requester's words
  std::string comment;  // the decider's words
  std::string duration;
  std::string start_time;  // as the requester wrote it; empty: at once
  std::optional<ExtendedRef> extends;
  std::optional<TimePoint> granted_at;
  std::optional<TimePoint> expires_at;
  std::optional<RecordedBinding> binding;
  // Of a Granted record: whom the policy lists as approvers, and nobody asked, because it requires none.
  std::vector<Subject> approvers_skipped;
  std::optional<ReviewTerms> review;     // of the records Granted, Review...
  std::optional<ReviewVerdict> verdict;  // of a record Reviewed
  std::string message;

  bool operator==(const AuditRecord&) const = default;
};

// "UID-granted", "UID-approved-0": derived from the request's own state, so that a second write changes
// nothing. `index` distinguishes steps of the same action: the decision's index, or for Shortened the new end
// in seconds. Every end is "UID-ended", whatever its action, because a request has only one.
std::string record_name(std::string_view request_uid, AuditAction action,
                        std::optional<std::int64_t> index = std::nullopt);

// The name of the one record for all requests of a person that are rejected as too many in the ten-minute
// window of `requested_at`: "flood-9f86d081884c7d65-1764064200", from a hash of the username and the start of
// the window in seconds.
std::string flood_record_name(std::string_view username, TimePoint requested_at);
// Likewise for all requests of a namespace or of the cluster, and for requests of a namespace that name no
// existing AccessPolicy: "flood-namespace-payments-1764064200", "flood-cluster-1764064200",
// "flood-without-policy-payments-1764064200"; "flood-cluster-scoped-1764064200" and
// "flood-without-policy-1764064200" for ClusterAccessRequests, where `ns` is empty.
std::string namespace_flood_record_name(std::string_view ns, TimePoint requested_at);
std::string cluster_flood_record_name(TimePoint requested_at);
std::string without_policy_record_name(std::string_view ns, TimePoint requested_at);
bool is_flood_record(std::string_view name);
TimePoint flood_record_until(TimePoint requested_at);  // the end of that window

nlohmann::json encode(const AuditRecord& record);

}  // namespace curfew::api
