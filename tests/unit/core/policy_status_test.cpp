#include "core/policy_status.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "builders.hpp"

using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;

namespace {

const std::function<bool(const std::string&)> kViewExists = [](const std::string& name) { return name == "view"; };

api::Condition ready(const api::AccessPolicy& policy) {
  return policy_status({.policy = policy, .cluster_role_exists = kViewExists, .now = kNow + 5ms}).conditions.at(0);
}

}  // namespace

TEST_CASE("a policy that works is Ready, with its figures, and its status is a fixed point") {
  auto policy = a_policy();
  policy.status = policy_status({.policy = policy, .cluster_role_exists = kViewExists, .active_grants = 2, .pending_requests = 1, .now = kNow + 5ms});
  CHECK(policy.status.conditions.at(0) == api::Condition{"Ready", "True", "Ready", "requests are served", 3, kNow});
  CHECK(policy.status.observed_generation == 3);
  CHECK(policy.status.active_grants == 2);
  CHECK(policy.status.pending_requests == 1);
  CHECK(policy.status == policy_status({.policy = policy, .cluster_role_exists = kViewExists, .active_grants = 2, .pending_requests = 1, .now = kNow + 1h}));
}

TEST_CASE("what keeps a policy from working is named") {
  struct Case {
    std::function<void(api::AccessPolicySpec&)> change;
    const char* reason;
    const char* message;
  };
  const std::vector<Case> cases{
      {[](auto& s) { s.subjects = {user("bob")}; }, "NotImplemented", "spec.subjects is not implemented yet"},
      {[](auto& s) { s.schedule.emplace(); }, "NotImplemented", "spec.schedule is not implemented yet"},
      {[](auto& s) { s.reason.pattern = "x"; }, "NotImplemented", "spec.reason.pattern is not implemented yet"},
      {[](auto& s) { s.approval.timeout = "8h"; }, "NotImplemented", "spec.approval.timeout is not implemented yet"},
      {[](auto& s) { s.limits.emplace(); }, "NotImplemented", "spec.limits is not implemented yet"},
      {[](auto& s) { s.on_change = "Enforce"; }, "NotImplemented", "spec.onChange is not implemented yet"},
      {[](auto& s) { s.suspend = false; }, "NotImplemented", "spec.suspend is not implemented yet"},
      {[](auto& s) { s.roles.push_back(cluster_role("nope")); }, "RoleNotFound", "ClusterRole nope does not exist"},
      {[](auto& s) { s.default_duration = "5h"; }, "DurationTooLong", "spec.duration.default 5h is longer than spec.duration.max 4h"},
      {[](auto& s) { s.approval.approvers.clear(); }, "NotEnoughApprovals", "spec.approval.required is 1 but spec.approval.approvers names nobody"},
      {[](auto& s) { s.approval = {.required = 2, .approvers = {user("carol"), user("carol")}}; }, "NotEnoughApprovals",
       "spec.approval.required is 2 but spec.approval.approvers names User carol, User carol"},
      {[](auto& s) { s.approval.required = -1; }, "NotEnoughApprovals", "spec.approval.required -1 is less than 0"},
      {[](auto& s) { s.namespaces.names.push_back("kube-system"); }, "NamespaceReserved",
       "spec.namespaces.names has kube-system, but Curfew grants nothing in kube-* and curfew-system"},
  };
  for (const Case& c : cases) {
    auto policy = a_policy();
    c.change(policy.spec);
    CAPTURE(c.message);
    CHECK(ready(policy).status == "False");
    CHECK(ready(policy).reason == c.reason);
    CHECK(ready(policy).message == c.message);
  }
}

TEST_CASE("a Role is not looked for before there is a request") {
  auto policy = a_policy();
  policy.spec.roles = {{"Role", "debugger"}};
  CHECK(ready(policy).status == "True");
}

TEST_CASE("NotImplemented is the reason when it is one of several, and every problem is listed") {
  auto policy = a_policy();
  policy.spec.roles = {cluster_role("nope")};
  policy.spec.limits.emplace();
  CHECK(ready(policy).reason == "NotImplemented");
  CHECK(ready(policy).message == "spec.limits is not implemented yet; ClusterRole nope does not exist");
}
