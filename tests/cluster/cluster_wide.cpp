#include <catch2/matchers/catch_matchers_string.hpp>

#include "guard.hpp"
#include "lifecycle.hpp"

// Access to the whole cluster, where Curfew may grant it: with manifests/components/cluster-wide. What holds
// for access in a namespace, too, is tested by the tests tagged [both].
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// ClusterRoles that let Curfew bind that role, or grant it cluster-wide.
std::string grantable(const std::string& label, const std::string& role, const std::string& verbs) {
  return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + unique("wide") +
         ", labels: {" + label + ": \"true\"}}\nrules:\n- {apiGroups: [rbac.authorization.k8s.io], " +
         "resources: [clusterroles], resourceNames: [" + role + "], verbs: [" + verbs + "]}\n";
}

// As Curfew would make it for that ClusterAccessRequest.
std::string binding_of(const Json& request, const std::string& role) {
  const std::string uid = request["metadata"]["uid"];
  return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: curfew-" +
         uid + "\n  labels: {curfew.dev/request-uid: " + uid +
         "}\n  annotations: {curfew.dev/expires-at: \"" +
         curfew::format_rfc3339(now() + seconds(600)).substr(0, 19) +
         "Z\"}\n  ownerReferences: [{apiVersion: curfew.dev/v1alpha1, kind: ClusterAccessRequest, name: " +
         request["metadata"]["name"].get<std::string>() + ", uid: " + uid +
         "}]\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " + role +
         "}\nsubjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: mallory}]\n";
}

}  // namespace

TEST_CASE("access to the whole cluster ends on time", "[wide]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 4s, reason: INC-1");
  CHECK_FALSE(scene.alice.can({"list", "pods", "-A"}));
  request.approve(scene.bob);
  request.await("Active");
  CHECK(scene.alice.can({"list", "pods", "-A"}));
  const Json binding = *request.binding();
  CHECK(binding["kind"] == "ClusterRoleBinding");
  CHECK(binding["metadata"]["ownerReferences"][0]["kind"] == "ClusterAccessRequest");
  sleep_until(request.time("expiresAt") + milliseconds(50));
  CHECK_FALSE(scene.alice.can({"list", "pods", "-A"}));
  request.await("Expired");
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted", "Expired"});
  CHECK_FALSE(request.records()[2]["request"].contains("namespace"));
  CHECK_THAT(request.records()[2]["message"].get<std::string>(),
             ContainsSubstring("User alice has ClusterRole view cluster-wide until"));
  CHECK(request.await_event("Granted")["regarding"]["kind"] == "ClusterAccessRequest");
}

TEST_CASE("a stolen token grants cluster-wide only what is grantable so", "[wide]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 10m");
  const Json stored = request.stored();
  const Person curfew = scene.cluster.curfew();
  const auto tried = [&](const std::string& role) {
    return curfew.kubectl({"create", "--dry-run=server", "-f", "-"}, binding_of(stored, role));
  };
  REQUIRE_THAT(scene.admin.apply(grantable("curfew.dev/grantable", "edit", "bind")), Succeeds());
  REQUIRE_THAT(scene.admin.apply(grantable("curfew.dev/grantable-cluster-wide", "cluster-admin",
                                           "bind, grant-cluster-wide")),
               Succeeds());
  CHECK_THAT(tried("view"), Succeeds());
  CHECK(eventually(seconds(10), [&] {
    return tried("edit").all().find(
               "Curfew may not grant ClusterRole edit cluster-wide; to allow it, a ClusterRole labelled") !=
           std::string::npos;
  }));
  CHECK(eventually(seconds(10), [&] {
    return tried("cluster-admin").all().find("never grants cluster-admin") != std::string::npos;
  }));
  CHECK_THAT(curfew.kubectl({"delete", "--dry-run=server", "clusterrolebinding", "curfew-test-requesters"}),
             Refused("Curfew takes away from ClusterRoleBindings of its own"));
  CHECK_THAT(scene.admin.kubectl({"create", "--dry-run=server", "-f", "-"}, binding_of(stored, "view")),
             Refused("are made by Curfew only: make a ClusterAccessRequest"));
}

TEST_CASE("what a policy for the whole cluster may say, and who may write it", "[wide]") {
  const Scene scene;
  const auto refused = [&](const std::string& spec, const std::string& sentence) {
    CAPTURE(spec);
    CHECK_THAT(
        scene.admin.kubectl(
            {"create", "--dry-run=server", "-f", "-"},
            "apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: wide}\nspec: {requesters: [{kind: Group, name: "
            "developers}], duration: {max: 1h}, approval: {required: 0}, " +
                spec + "}\n"),
        Refused(sentence));
  };
  refused("scope: Cluster, roles: [{kind: ClusterRole, name: view}], namespaces: {selector: {}}",
          "a policy has namespaces, or scope: Cluster, and not both");
  refused("roles: [{kind: ClusterRole, name: view}]",
          "a policy has namespaces, or scope: Cluster, and not both");
  refused("scope: Cluster, roles: [{kind: Role, name: view}]",
          "a policy with scope: Cluster offers ClusterRoles only");
  refused("scope: Cluster, roles: [{kind: ClusterRole, name: cluster-admin}]",
          "cluster-admin and system:* are never granted cluster-wide");
  refused("scope: Cluster, roles: [{kind: ClusterRole, name: \"system:node\"}]",
          "cluster-admin and system:* are never granted cluster-wide");

  const std::string policy = scene.space.policy(one_of_sre());
  CHECK_THAT(scene.admin.kubectl({"patch", "accesspolicy", policy, "--type", "merge", "--patch",
                                  R"({"spec": {"scope": "Namespaced", "namespaces": {"selector": {}}}})"}),
             Refused("scope cannot be changed: make another policy"));
  CHECK_THAT(
      scene.alice.kubectl(
          {"create", "--dry-run=server", "-f", "-"},
          "apiVersion: curfew.dev/v1alpha1\nkind: AccessRequest\nmetadata: {name: x, namespace: default}\nspec: {policy: " +
              policy + "}\n"),
      Refused("is for cluster-wide access: ask for it with a ClusterAccessRequest that names no namespaces"));

  // bind alone, which is enough for a policy for namespaces.
  const Person author = scene.cluster.somebody(unique("author"), {"curfew-test-authors"});
  REQUIRE_THAT(scene.admin.apply(grantable("curfew.dev/test", "view", "bind")), Succeeds());
  CHECK_THAT(
      author.kubectl(
          {"create", "--dry-run=server", "-f", "-"},
          "apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: wide}\nspec: {requesters: [{kind: Group, name: "
          "developers}], duration: {max: 1h}, approval: {required: 0}, scope: Cluster, roles: [{kind: ClusterRole, name: view}]}\n"),
      Refused("has not the verb grant-cluster-wide on ClusterRole view"));
}

TEST_CASE("a policy for namespaces gives nothing cluster-wide", "[wide]") {
  const Scene scene;
  const std::string name = unique("policy");
  REQUIRE_THAT(scene.admin.apply("apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: " +
                                 name + "}\nspec: " + automatic() + "\n"),
               Succeeds());
  CHECK_THAT(scene.alice.apply(scene.space.request("ask", "{policy: " + name + "}")),
             Refused("is for access in namespaces: ask for it with an AccessRequest in one of them"));
  scene.admin.kubectl({"delete", "accesspolicy", name});
}

TEST_CASE("where cluster-wide access is not enabled a policy for it says so", "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string name = unique("policy");
  REQUIRE_THAT(
      scene.admin.apply("apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: " + name +
                        "}\nspec: {scope: Cluster, requesters: [{kind: Group, name: developers}], roles: "
                        "[{kind: ClusterRole, name: view}], duration: {max: 1h}, approval: {required: 0}}\n"),
      Succeeds());
  const Json ready = scene.await_policy(name, "Ready", "RoleNotBindable");
  CHECK_THAT(ready["message"].get<std::string>(),
             ContainsSubstring("cluster-wide access is not enabled in this cluster"));
  scene.admin.kubectl({"delete", "accesspolicy", name});
}
