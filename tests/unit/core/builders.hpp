#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/names.hpp"
#include "core/input.hpp"
#include "core/policy/policy_status.hpp"
#include "unit/support/decoded.hpp"

// One-line builders for inputs to decide: alice, a member of developers, requests ClusterRole view in
// payments; members of sre (bob, carol, ...) approve.
namespace curfew::core::test {

using namespace std::chrono_literals;

inline constexpr TimePoint kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 20h;

inline api::Person person(const std::string& name, std::vector<InternedString> groups = {}) {
  return {.username = name, .groups = std::move(groups)};
}
inline api::Person sre(const std::string& name) {
  return person(name, {"sre"});
}
inline api::Subject user(const std::string& name) {
  return {.kind = "User", .name = name};
}
inline api::Subject group(const std::string& name) {
  return {.kind = "Group", .name = name};
}
inline api::Subject robot(std::string ns, std::string name) {
  return {.kind = "ServiceAccount", .name = std::move(name), .ns = std::move(ns)};
}
inline api::RoleRef cluster_role(std::string name) {
  return {.kind = "ClusterRole", .name = std::move(name)};
}
inline api::Decision approve(api::Person who, std::string comment = "") {
  return {api::Verdict::Approve, std::move(who), std::move(comment)};
}
inline api::Decision deny(api::Person who, std::string comment = "") {
  return {api::Verdict::Deny, std::move(who), std::move(comment)};
}
inline api::Decision revoke(api::Person who, std::string comment = "") {
  return {api::Verdict::Revoke, std::move(who), std::move(comment)};
}

inline api::AccessPolicy a_policy(int required = 1) {
  auto json = nlohmann::json::parse(R"({
    "metadata": {"name": "payments-debug", "uid": "policy-uid", "generation": 3},
    "spec": {"requesters": [{"kind": "Group", "name": "developers"}],
             "roles": [{"kind": "ClusterRole", "name": "view"}],
             "namespaces": {"names": ["payments"]},
             "duration": {"default": "30m", "max": "4h"},
             "approval": {"approvers": [{"kind": "Group", "name": "sre"}]}}})");
  json["spec"]["approval"]["required"] = required;
  return testing::decoded<api::AccessPolicy>(json);
}

inline api::AccessRequest a_request() {
  auto json = nlohmann::json::parse(R"({
    "metadata": {"name": "fix", "namespace": "payments", "uid": "uid-1", "generation": 1},
    "spec": {"policy": "payments-debug", "reason": "INC-123",
             "requester": {"username": "alice", "groups": ["developers"]}}})");
  json["metadata"]["creationTimestamp"] = format_rfc3339(kNow);
  return testing::decoded<api::AccessRequest>(json);
}

// alice's request `first`, which an extension may extend.
inline api::AccessRequest an_active_request() {
  return testing::decoded<api::AccessRequest>(
      {{"metadata", {{"name", "first"}, {"namespace", "payments"}, {"uid", "uid-0"}}},
       {"spec", {{"policy", "payments-debug"}, {"requester", {{"username", "alice"}}}}},
       {"status",
        {{"phase", "Active"},
         {"subject", {{"kind", "User"}, {"name", "alice"}}},
         {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}}}}});
}

inline api::Namespace a_namespace() {
  return testing::decoded<api::Namespace>({{"metadata", {{"name", "payments"}}}});
}

// Reads objects back (testing::read_back), each state of an object once.
template <class T>
class ReadBack {
 public:
  std::shared_ptr<const T> of(const T& object) const {
    if (!read_ || !testing::same(*written_, object)) {
      written_ = std::make_shared<const T>(object);
      read_ = std::make_shared<const T>(testing::read_back(object));
    }
    return read_;
  }

 private:
  mutable std::shared_ptr<const T> written_;
  mutable std::shared_ptr<const T> read_;
};

// The facts around a request, changed by chained calls; `input()` returns a snapshot of them, with the
// objects as they would be read from the API server.
class Situation {
 public:
  api::AccessRequest request = a_request();
  std::optional<api::AccessPolicy> policy = a_policy();
  std::optional<api::Namespace> ns = a_namespace();
  bool role_exists = true;
  std::set<std::string> missing_roles;  // other ClusterRoles
  std::optional<Absence> absence;
  RoleFacts role{.uid = "role-uid", .rules_hash = "sha256:as-asked", .is_aggregated = false};
  Usage usage;
  std::optional<api::RoleBinding> binding;
  std::string last_binding_uid;
  std::string granted_binding_uid;
  bool is_deleted_here = false;
  std::optional<TimePoint> binding_gone_at;
  std::optional<api::RoleBinding> gone_binding;
  bool is_unrecorded = false;
  bool is_end_unrecorded = false;
  std::vector<std::string> recorded_approvers;
  std::size_t recorded_decisions = 0;
  bool is_ending_false = false;
  bool is_revived = false;
  std::optional<int> observed_decisions;
  int unwatched_decisions = 0;
  int unwatched_reviews = 0;
  std::vector<std::string> review_records;
  std::optional<api::AuditRecord> granted_record;
  std::optional<api::AuditRecord> end_record;
  std::optional<GrantFailure> failure;
  std::optional<Denial> deleted_for;
  std::optional<Extended> extended;
  bool is_extended = false;
  bool is_warned = false;
  std::optional<Flood> flood;
  std::optional<RecordSummary> without_policy;
  GuardState guard{.in_force = true};
  bool gone = false;
  Settings settings;
  TimePoint now = kNow;

  Situation& by(api::Decision decision) {
    request.decisions.push_back(std::move(decision));
    return *this;
  }
  Situation& at(TimePoint time) {
    now = time;
    return *this;
  }

  Input input() const {
    Input in;
    in.request = request_.of(request);
    in.request_is_gone = gone;
    if (policy) {
      in.policy = policy_.of(*policy);
      if (policy->spec.schedule) in.time_zone = TimeZone::find(policy->spec.schedule->time_zone);
      in.policy_problems = policy_problems(
          *policy,
          {.cluster_role_exists =
               [this](const std::string& name) { return role_exists && !missing_roles.contains(name); },
           .time_zone = in.time_zone.get()},
          effective_role(request, &*policy));
    }
    in.where = request.metadata.ns;
    if (ns) in.ns = ns_.of(*ns);
    if (role_exists && effective_role(request, in.policy.get())) in.role = role;
    in.absence = absence;
    if (!request.status.phase) in.flood = flood;
    in.without_policy = without_policy;
    in.usage = usage;
    if (!request.spec.extends.empty()) in.extended = extended;
    in.is_extended = is_extended;
    in.is_warned = is_warned;
    if (binding) in.binding = binding_.of(*binding);
    in.binding_uid = binding ? binding->metadata.uid : last_binding_uid;
    in.granted_binding_uid = granted_binding_uid;
    in.granted_record = granted_record;
    in.is_unrecorded = is_unrecorded;
    in.deleted_for = deleted_for;
    in.is_deleted_here = is_deleted_here && !binding;
    if (!binding) in.binding_gone_at = binding_gone_at;
    if (!binding && !granted_record && gone_binding) in.gone_binding = gone_binding_.of(*gone_binding);
    in.is_end_unrecorded = is_end_unrecorded;
    in.recorded_approvers = recorded_approvers;
    in.recorded_decisions = recorded_decisions;
    in.is_ending_false = is_ending_false;
    in.is_revived = is_revived;
    in.observed_decisions = observed_decisions;
    in.unwatched_decisions = unwatched_decisions;
    in.unwatched_reviews = unwatched_reviews;
    in.review_records = review_records;
    in.end_record = end_record;
    in.grant_failure = failure;
    in.guard = guard;
    in.settings = settings;
    in.now = now;
    return in;
  }

 private:
  ReadBack<api::AccessRequest> request_;
  ReadBack<api::AccessPolicy> policy_;
  ReadBack<api::Namespace> ns_;
  ReadBack<api::RoleBinding> binding_;
  ReadBack<api::RoleBinding> gone_binding_;
};

}  // namespace curfew::core::test
