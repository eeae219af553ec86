#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/meta.hpp"

namespace curfew::api {

enum class AuditAction {
  Requested, Approved, Denied, Granted, Expired, Revoked, Withdrawn, TimedOut, Rejected, Failed, Tampered, PolicyViolation, Shortened
};

std::string_view to_string(AuditAction action);

struct RequestRef {
  std::string name_space;
  std::string name;
  std::string uid;

  bool operator==(const RequestRef&) const = default;
};

struct BindingRef {
  std::string name;
  std::string uid;  // empty while it does not exist yet

  bool operator==(const BindingRef&) const = default;
};

// One immutable step of a request's life. Everything in it is fixed by the request's own state but `time` and the grant's times.
struct AuditRecord {
  static constexpr std::string_view kKind = "AuditRecord";
  static constexpr std::string_view kPath = "/apis/curfew.dev/v1alpha1";
  static constexpr std::string_view kPlural = "auditrecords";

  ObjectMeta metadata;
  AuditAction action = AuditAction::Requested;
  TimePoint time;
  std::optional<Person> actor;  // nullopt: Curfew itself, or unknown (a deletion)
  RequestRef request;
  std::optional<PolicyRef> policy;
  std::optional<RoleRef> role;
  std::optional<Subject> subject;
  std::string reason;    // the requester's words
  std::string comment;   // the decider's words
  std::string duration;
  std::optional<TimePoint> granted_at;
  std::optional<TimePoint> expires_at;
  std::optional<BindingRef> binding;
  std::string message;

  bool operator==(const AuditRecord&) const = default;
};

// "UID-granted", "UID-approved-0": from the request's own state, so that writing it twice changes nothing. `index` tells steps of one action apart: the decision's, or for
// Shortened the new end's seconds.
std::string record_name(std::string_view request_uid, AuditAction action, std::optional<std::int64_t> index = std::nullopt);

}  // namespace curfew::api
