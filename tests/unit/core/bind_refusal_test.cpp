#include "core/policy/bind_refusal.hpp"

#include "core/policy/policy_status.hpp"
#include "core_test.hpp"

namespace {

const PolicyFacts kAllRolesExist{.cluster_role_exists = [](const std::string&) { return true; },
                                 .time_zone = nullptr};
const std::vector<BindRefusal> kNone;
const std::vector<BindRefusal> kDebugger{{.role = cluster_role("debugger"), .namespaces = {}}};

api::AccessPolicyStatus status_of(const api::AccessPolicy& policy,
                                  const std::optional<std::vector<BindRefusal>>& refusals) {
  return policy_status(
      {.policy = policy, .facts = kAllRolesExist, .bind_refusals = refusals, .now = kNow + 5ms});
}

std::string ready_in(const api::AccessPolicyStatus& status) {
  const auto* condition = api::find_condition(status.conditions, "Ready");
  return condition->status + " " + condition->reason + ": " + condition->message;
}

}  // namespace

TEST_CASE("roles that Curfew may not bind are named with the remedy, and where if that matters") {
  CHECK(describe(kNone).empty());
  CHECK(describe(kDebugger) ==
        "Curfew may not bind ClusterRole debugger; make the role grantable: a ClusterRole labelled "
        "curfew.dev/grantable=true that allows bind on it");
  const std::vector<BindRefusal> two{{.role = cluster_role("debugger"), .namespaces = {"payments", "orders"}},
                                     {.role = {"Role", "shell"}, .namespaces = {}}};
  CHECK(
      describe(two) ==
      "Curfew may not bind ClusterRole debugger (in payments, orders), Role shell; make the roles grantable: a "
      "ClusterRole labelled curfew.dev/grantable=true that allows bind on them");
}

TEST_CASE("a policy with a role that Curfew may not bind is not Ready until Curfew may") {
  auto policy = a_policy();
  policy.status = status_of(policy, kDebugger);
  CHECK(ready_in(policy.status) == "False RoleNotBindable: " + describe(kDebugger));
  const auto* condition = api::find_condition(policy.status.conditions, "RoleNotBindable");
  REQUIRE(condition != nullptr);
  CHECK(*condition ==
        api::Condition{"RoleNotBindable", "True", "RoleNotBindable", describe(kDebugger), 3, kNow});
  CHECK(status_of(policy, kDebugger) == policy.status);
  policy.status = status_of(policy, kNone);
  CHECK(ready_in(policy.status) == "True Ready: requests are served");
  CHECK(api::find_condition(policy.status.conditions, "RoleNotBindable") == nullptr);
}

TEST_CASE("an answer that cannot be had changes nothing, unless the policy has changed") {
  auto policy = a_policy();
  policy.status = status_of(policy, kDebugger);
  CHECK(status_of(policy, std::nullopt) == policy.status);
  ++policy.metadata.generation;
  CHECK(ready_in(status_of(policy, std::nullopt)) == "True Ready: requests are served");
  policy.status = status_of(policy, kNone);
  CHECK(status_of(policy, std::nullopt) == policy.status);
}

TEST_CASE("other problems of a policy come before roles that Curfew may not bind") {
  auto policy = a_policy();
  policy.spec.reason.pattern = "(";
  const auto text = ready_in(status_of(policy, kDebugger));
  CHECK(text.starts_with("False ReasonPatternInvalid: spec.reason.pattern"));
  CHECK(text.ends_with("; " + describe(kDebugger)));
}

TEST_CASE("requests for a role that Curfew may not bind are no business of the policy's problems") {
  auto policy = a_policy();
  policy.status = status_of(policy, kDebugger);
  CHECK(policy_problems(policy, kAllRolesExist).empty());
}
