#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/viewer.hpp"

namespace curfew::client {

// A request to decide.
struct Target {
  api::ObjectKey key;
  std::string uid;             // its UID or a prefix of it; empty: the request that has the name now
  bool is_remembered = false;  // this person was shown the request with that UID
  std::optional<Read<api::AccessRequest>> read = std::nullopt;  // as read already; nullopt: not yet
};

// What an approval grants. An approver confirms this, and confirms it again if it changes.
struct ApprovalSummary {
  api::ObjectKey key;
  std::string uid;
  std::optional<api::Person> requester;
  std::optional<api::RoleRef> role;     // nullopt: the policy's
  std::optional<api::Subject> subject;  // nullopt: the requester
  std::string duration;                 // empty: the policy's
  std::string start_time;               // empty: the approval
  std::string extends;                  // the request whose access it prolongs; empty: none
  std::string policy;
  std::string reason;

  bool operator==(const ApprovalSummary&) const = default;
};

ApprovalSummary summary_of(const api::AccessRequest& request);

struct DecisionResult {
  enum class Outcome {
    Decided,
    NotConfirmed,
    Replaced,  // the request that has the name now has another UID than the target
    Failed,
  };
  Outcome outcome = Outcome::Decided;
  // Decided: a Revoke before there was access, which takes the person's approval back or withdraws the
  // request.
  bool takes_back_approval = false;
  bool withdraws = false;
  std::string goes_on;    // Decided: the request whose access this one extended, which a Revoke leaves
  Error error;            // Failed: why
  bool was_read = false;  // Replaced: after the target had been read once
};

// Shows what an approval grants; returns whether it is meant.
using Confirm = std::function<bool(const api::AccessRequest&)>;

// Decides only the request that was read: one deleted and recreated under the same name is a different one.
// Waits a few seconds for Curfew to look at a new request, and retries conflicts. Approvals are confirmed
// first; `confirm` may be empty for other verdicts.
DecisionResult decide(const Session& session, const Target& target, const api::Decision& decision,
                      const Confirm& confirm);

// Reviews only the request that was read, likewise.
DecisionResult review(const Session& session, const Target& target, const api::Review& review);

// Active requests that the viewer may revoke: in own_namespace(), or in all namespaces.
Result<std::vector<Target>> find_revocable(const Session& session, const Viewer& viewer, bool all_namespaces,
                                           const std::string& labels);

}  // namespace curfew::client
