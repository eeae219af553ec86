#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// What a policy does not allow: refused at once by the API server where it can decide, and by the controller
// where only it can, or where the policy changed after the request was made.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

void check_rejected(const Request& request, const std::string& reason, const std::string& sentence,
                    milliseconds patience = seconds(3)) {
  request.await("Rejected", patience);
  CHECK(request.condition("Granted")["reason"] == reason);
  CHECK(request.condition("Granted")["status"] == "False");
  CHECK_THAT(request.text("message"), ContainsSubstring(sentence));
  CHECK(request.status()["complete"] == true);
  CHECK(request.recorded().back() == "Rejected");
  CHECK_THAT(request.records().back()["message"].get<std::string>(), ContainsSubstring(sentence));
  CHECK_FALSE(request.binding().has_value());
}

ProcessResult ask(const Scene& scene, const std::string& policy, const std::string& more) {
  return scene.alice.apply(scene.space.request("ask", "{policy: " + policy + ", " + more + "}"));
}

// A request, and a policy that is created `later` than it. Curfew waits five seconds for a policy: if a slow
// machine takes longer, this retries.
struct Late {
  std::string policy;
  Request request;
};

Late policy_after_request(const Scene& scene, const std::string& spec, milliseconds later) {
  for (int attempt = 0;; ++attempt) {
    REQUIRE(attempt < 5);
    const std::string policy = unique("late");
    Late late{policy,
              Request(scene, policy, "duration: 10m", std::nullopt, "ask-" + std::to_string(attempt))};
    late.request.await("Pending");
    sleep_until(now() + later);
    REQUIRE_THAT(scene.admin.apply("apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: " +
                                   policy + "}\nspec: " + spec),
                 Succeeds());
    const auto arrived =
        time_of(scene.admin.get({"accesspolicy", late.policy})["metadata"]["creationTimestamp"]);
    if (arrived - time_of(late.request.stored()["metadata"]["creationTimestamp"]) < seconds(4)) return late;
    scene.admin.kubectl({"delete", "accesspolicy", late.policy});
  }
}

}  // namespace

TEST_CASE("an unknown policy is waited for a little, and then named in the refusal", "[lifecycle]") {
  const Scene scene;
  const std::string policy = unique("nowhere");
  const auto asked = now();
  const Request request(scene, policy, "duration: 10m");
  request.await("Pending");
  request.await_message(policy);
  CHECK(request.condition("Granted")["reason"] == "PolicyNotFound");
  check_rejected(request, "PolicyNotFound", "there is no AccessPolicy of that name", seconds(8));
  CHECK(now() - asked > seconds(4));
}

TEST_CASE("a policy that arrives two seconds after its request is used", "[lifecycle][namespaced]") {
  const Scene scene;
  const auto [policy, request] = policy_after_request(scene, automatic(), seconds(2));
  request.await("Active");
  CHECK(request.recorded() == Texts{"Requested", "Granted"});
  scene.admin.kubectl({"delete", "accesspolicy", policy});
}

TEST_CASE("a role that the policy does not offer is refused", "[lifecycle]") {
  const Scene scene;
  SECTION("at once") {
    const std::string policy = scene.space.policy(one_of_sre());
    CHECK_THAT(ask(scene, policy, "role: {kind: ClusterRole, name: edit}"),
               Refused("spec.role ClusterRole edit is not offered by AccessPolicy " + policy +
                       ", which offers ClusterRole view"));
  }
  SECTION("when the policy ceases to offer it") {
    const std::string policy = scene.space.policy(
        one_of_sre("roles: [{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}]"));
    const Request request(scene, policy, "role: {kind: ClusterRole, name: view}");
    request.await("Pending");
    scene.change(policy, {{"roles", {{{"kind", "ClusterRole"}, {"name", "edit"}}}}});
    check_rejected(request, "RoleNotAllowed",
                   "spec.role ClusterRole view is not offered by AccessPolicy " + policy +
                       ", which offers ClusterRole edit");
  }
}

TEST_CASE("a request that names no role needs a policy with only one", "[lifecycle][namespaced]") {
  const Scene scene;
  SECTION("one") {
    const Request request(scene, scene.space.policy(automatic()), "duration: 10m");
    request.await("Active");
    CHECK(request.status()["roleRef"]["name"] == "view");
  }
  SECTION("two") {
    const std::string policy = scene.space.policy(
        automatic("roles: [{kind: ClusterRole, name: view}, {kind: Role, name: debugger}]"));
    CHECK_THAT(ask(scene, policy, "duration: 10m"), Refused("spec.role is missing: AccessPolicy " + policy +
                                                            " offers ClusterRole view, Role debugger"));
  }
  SECTION("two, in a policy that came after the request") {
    const auto [policy, request] = policy_after_request(
        scene, automatic("roles: [{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}]"),
        milliseconds(0));
    check_rejected(
        request, "RoleAmbiguous",
        "spec.role is missing: AccessPolicy " + policy + " offers ClusterRole view, ClusterRole edit");
    scene.admin.kubectl({"delete", "accesspolicy", policy});
  }
}

TEST_CASE("a Role is looked up in the request's namespace", "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string& space = scene.space.name();
  const std::string role = unique("debugger");
  const std::string policy = scene.space.policy(automatic("roles: [{kind: Role, name: " + role + "}]"));
  const auto make_role = [&] {
    REQUIRE_THAT(scene.admin.kubectl({"create", "role", role, "-n", space, "--verb=list", "--resource=pods"}),
                 Succeeds());
    REQUIRE_THAT(
        scene.admin.apply(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: grantable-" +
            role +
            ", labels: {curfew.dev/grantable: \"true\"}}\nrules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles], "
            "resourceNames: [" +
            role + "], verbs: [bind]}]"),
        Succeeds());
  };
  SECTION("there") {
    make_role();
    sleep_until(now() + seconds(2));  // until the right to bind it is effective
    const Request request(scene, policy, "duration: 10m");
    request.await("Active");
    CHECK(request.binding().value()["roleRef"] ==
          Json{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", role}});
    CHECK(scene.can_list_pods(scene.alice));
  }
  SECTION("missing") {
    const Request request(scene, policy, "duration: 10m");
    request.await("Pending");
    check_rejected(request, "RoleNotFound",
                   "spec.role Role " + role + " does not exist in namespace " + space, seconds(8));
  }
  scene.admin.kubectl({"delete", "clusterrole", "grantable-" + role, "--ignore-not-found"});
}

TEST_CASE("access is given in the namespaces that the policy covers", "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string& space = scene.space.name();
  SECTION("not covered by name: refused at once") {
    const std::string policy = scene.space.policy(automatic("namespaces: {names: [payments, billing]}"));
    CHECK_THAT(ask(scene, policy, "duration: 10m"),
               Refused("AccessPolicy " + policy + " does not cover namespace " + space +
                       ", only payments, billing"));
  }
  SECTION("covered by name") {
    const Request request(scene,
                          scene.space.policy(automatic("namespaces: {names: [payments, " + space + "]}")),
                          "duration: 10m");
    request.await("Active");
  }
  SECTION("not covered by labels") {
    const std::string policy = scene.space.policy(
        automatic("namespaces: {names: [payments], selector: {matchLabels: {team: payments}}}"));
    const Request request(scene, policy, "duration: 10m");
    check_rejected(request, "NamespaceNotAllowed",
                   "AccessPolicy " + policy + " does not cover namespace " + space +
                       ", only payments and those that its selector matches");
  }
  SECTION("covered by labels") {
    REQUIRE_THAT(scene.admin.kubectl({"label", "namespace", space, "team=payments", "stage=test"}),
                 Succeeds());
    const std::string selector = GENERATE(
        "{matchLabels: {team: payments}}",
        "{matchExpressions: [{key: team, operator: In, values: [billing, payments]}]}",
        "{matchLabels: {team: payments}, matchExpressions: [{key: stage, operator: NotIn, values: [production]}]}",
        "{matchExpressions: [{key: stage, operator: Exists}, {key: forbidden, operator: DoesNotExist}]}");
    DYNAMIC_SECTION(selector) {
      const Request request(scene, scene.space.policy(automatic("namespaces: {selector: " + selector + "}")),
                            "duration: 10m");
      request.await("Active");
    }
  }
  SECTION("excluded by an expression") {
    REQUIRE_THAT(scene.admin.kubectl({"label", "namespace", space, "team=payments", "stage=production"}),
                 Succeeds());
    const std::string policy = scene.space.policy(automatic(
        "namespaces: {selector: {matchLabels: {team: payments}, matchExpressions: [{key: stage, operator: NotIn, values: [production]}]}}"));
    const Request request(scene, policy, "duration: 10m");
    check_rejected(request, "NamespaceNotAllowed", "does not cover namespace " + space);
  }
}

TEST_CASE("a duration is at most the policy's", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre("duration: {default: 10m, max: 1h}"));
  SECTION("at once") {
    CHECK_THAT(ask(scene, policy, "duration: 61m"),
               Refused("spec.duration 61m is longer than the 1h that AccessPolicy " + policy + " allows"));
  }
  SECTION("when the policy allows less by the time of the approval") {
    const Request request(scene, policy, "duration: 45m");
    request.await("Pending");
    scene.change(policy, {{"duration", {{"max", "30m"}}}});
    check_rejected(request, "DurationTooLong",
                   "spec.duration 45m is longer than the 30m that AccessPolicy " + policy + " allows");
  }
}

TEST_CASE("what a request leaves to the policy is fixed when it is first seen", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre("duration: {default: 10m, max: 1h}"));
  const Request request(scene, policy, "reason: INC-1");
  request.await("Pending");
  CHECK(request.text("duration") == "10m");
  scene.change(
      policy, {{"duration", {{"default", "20m"}}},
               {"roles",
                {{{"kind", "ClusterRole"}, {"name", "view"}}, {{"kind", "ClusterRole"}, {"name", "edit"}}}}});
  request.approve(scene.bob);
  request.await("Active");
  CHECK(request.time("expiresAt") - request.time("grantedAt") == std::chrono::minutes(10));
  CHECK(request.status()["roleRef"]["name"] == "view");
}

TEST_CASE("a policy that requires a reason gets one in words", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic("reason: {required: true}"));
  SECTION("missing: refused at once") {
    CHECK_THAT(ask(scene, policy, "duration: 10m"),
               Refused("spec.reason is missing: AccessPolicy " + policy + " requires one"));
    CHECK_THAT(ask(scene, policy, "reason: ' '"), Refused("spec.reason is missing"));
  }
  SECTION("blanks of another alphabet, and invisible characters") {
    const Request request(scene, policy, "reason: \"\\u00a0\\u2003\\u200b\\u3164\"");
    check_rejected(request, "ReasonRequired",
                   "spec.reason has no visible character: AccessPolicy " + policy + " requires one");
  }
  SECTION("given") {
    const Request request(scene, policy, "reason: INC-1");
    request.await("Active");
  }
}

TEST_CASE("a person who is removed from the policy gets nothing", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  SECTION("asked before") {
    const Request request(scene, policy, "duration: 10m");
    request.await("Pending");
    scene.change(
        policy,
        {{"requesters", {{{"kind", "Group"}, {"name", "operators"}}, {{"kind", "User"}, {"name", "dave"}}}}});
    check_rejected(
        request, "RequesterNotAllowed",
        "alice is not a requester of AccessPolicy " + policy + ", which names Group operators, User dave");
  }
  SECTION("never listed: refused at once") {
    CHECK_THAT(scene.dave.apply(scene.space.request("ask", "{policy: " + policy + "}")),
               Refused("dave is not a requester of AccessPolicy " + policy));
  }
}
