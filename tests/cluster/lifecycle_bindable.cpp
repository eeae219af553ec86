#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// What a policy's status says of the roles that it offers: whether Curfew may bind them, and whether a
// binding gives what they allow.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// A ClusterRole that exists for one test.
class ClusterRole {
 public:
  ClusterRole(const Scene& scene, const std::vector<std::string>& rules)
      : scene_(scene), name_(unique("reader")) {
    std::vector<std::string> create{"create", "clusterrole", name_};
    create.insert(create.end(), rules.begin(), rules.end());
    REQUIRE_THAT(scene.admin.kubectl(create), Succeeds());
  }
  ~ClusterRole() {
    scene_.admin.kubectl({"delete", "clusterrole", name_, "grantable-" + name_, "--ignore-not-found"});
  }
  ClusterRole(const ClusterRole&) = delete;
  ClusterRole& operator=(const ClusterRole&) = delete;

  const std::string& name() const { return name_; }
  std::string offered() const { return "roles: [{kind: ClusterRole, name: " + name_ + "}]"; }

  void make_grantable() const {
    REQUIRE_THAT(
        scene_.admin.apply(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: grantable-" +
            name_ +
            ", labels: {curfew.dev/grantable: \"true\"}}\nrules: [{apiGroups: [rbac.authorization.k8s.io], "
            "resources: [clusterroles], resourceNames: [" +
            name_ + "], verbs: [bind]}]"),
        Succeeds());
  }
  // By a Role and a RoleBinding.
  void make_bindable_in(const std::string& ns) const {
    REQUIRE_THAT(scene_.admin.kubectl({"create", "role", "binder", "-n", ns, "--verb=bind",
                                       "--resource=clusterroles.rbac.authorization.k8s.io",
                                       "--resource-name=" + name_}),
                 Succeeds());
    REQUIRE_THAT(scene_.admin.kubectl({"create", "rolebinding", "binder", "-n", ns, "--role=binder",
                                       "--serviceaccount=curfew-system:curfew"}),
                 Succeeds());
  }

 private:
  const Scene& scene_;
  const std::string name_;
};

const std::vector<std::string> kListPods{"--verb=list", "--resource=pods"};

// A request under the policy is granted once it is approved.
void check_granted(const Scene& scene, const std::string& policy) {
  const Request request(scene, policy, "duration: 10m");
  request.await("Pending");
  request.approve(scene.bob);
  request.await("Active");
}

}  // namespace

TEST_CASE("a policy whose role Curfew may not bind is not Ready until the role is grantable",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const ClusterRole role(scene, kListPods);
  const std::string policy = scene.space.policy(one_of_sre(role.offered()));
  const Json refused = scene.await_policy(policy, "Ready", "RoleNotBindable");
  CHECK(refused["status"] == "False");
  CHECK(refused["message"] == "Curfew may not bind ClusterRole " + role.name() +
                                  "; make the role grantable: a ClusterRole labelled "
                                  "curfew.dev/grantable=true that allows bind on it");
  CHECK(scene.policy_condition(policy, "RoleNotBindable")["status"] == "True");
  CHECK_THAT(scene.admin.kubectl({"get", "accesspolicy", policy, "-o", "wide"}).out,
             ContainsSubstring("RoleNotBindable"));

  role.make_grantable();
  CHECK(scene.await_policy(policy, "Ready", "Ready", seconds(10))["status"] == "True");
  CHECK(scene.policy_condition(policy, "RoleNotBindable").is_null());

  REQUIRE_THAT(scene.admin.kubectl({"delete", "clusterrole", "grantable-" + role.name()}), Succeeds());
  scene.await_policy(policy, "Ready", "RoleNotBindable", seconds(10));
}

TEST_CASE("a policy is Ready if Curfew may bind its role in the policy's namespaces only",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const ClusterRole role(scene, kListPods);
  role.make_bindable_in(scene.space.name());
  const std::string named =
      scene.space.policy(one_of_sre(role.offered() + ", namespaces: {names: [" + scene.space.name() + "]}"));
  const std::string beyond = scene.space.policy(
      one_of_sre(role.offered() + ", namespaces: {names: [" + scene.space.name() + ", elsewhere]}"));
  scene.await_policy(named, "Ready", "Ready", seconds(10));
  scene.await_policy(beyond, "Ready", "RoleNotBindable", seconds(10));
  CHECK(eventually(seconds(10), [&] {
    return scene.policy_condition(beyond, "Ready")["message"].get<std::string>().starts_with(
        "Curfew may not bind ClusterRole " + role.name() + " (in elsewhere); ");
  }));
  check_granted(scene, named);
}

TEST_CASE("a role is not granted because Curfew holds its permissions", "[lifecycle][namespaced]") {
  const Scene scene;
  const ClusterRole role(scene, {"--verb=list,watch", "--resource=namespaces"});
  const std::string policy = scene.space.policy(one_of_sre(role.offered()));
  scene.await_policy(policy, "Ready", "RoleNotBindable");
  const Request request(scene, policy, "duration: 10m");
  request.await("Pending");
  request.approve(scene.bob);
  request.await_reason("Granted", "BindingForbidden");
  request.await_message("Curfew may not bind ClusterRole " + role.name() + "; make the role grantable: ");
  role.make_grantable();
  scene.await_policy(policy, "Ready", "Ready", seconds(10));
  request.await("Active", seconds(10));
}

TEST_CASE("a policy warns of rules that give nothing in a namespace", "[lifecycle][namespaced]") {
  const Scene scene;
  const ClusterRole mixed(scene, {"--verb=get,list,watch", "--resource=nodes,namespaces,pods"});
  const ClusterRole useless(scene, {"--verb=list", "--resource=accesspolicies.curfew.dev,persistentvolumes"});
  const std::string policy =
      scene.space.policy(one_of_sre("roles: [{kind: ClusterRole, name: " + mixed.name() +
                                    "}, {kind: ClusterRole, name: " + useless.name() + "}]"));
  const Json warning = scene.await_policy(policy, "ClusterScopedRules", "ClusterScopedRules");
  CHECK(warning["status"] == "True");
  CHECK(warning["message"] ==
        "Curfew grants roles in a namespace, where these rules give nothing: nodes of ClusterRole " +
            mixed.name() + "; accesspolicies.curfew.dev, persistentvolumes, which is all of ClusterRole " +
            useless.name());

  // As it is.
  REQUIRE_THAT(scene.admin.kubectl({"create", "rolebinding", "mixed", "-n", scene.space.name(),
                                    "--clusterrole=" + mixed.name(), "--user=dave"}),
               Succeeds());
  CHECK(eventually(seconds(5),
                   [&] { return scene.dave.kubectl({"get", "namespace", scene.space.name()}).ok(); }));
  CHECK_FALSE(scene.dave.kubectl({"get", "nodes"}).ok());
  CHECK_FALSE(scene.dave.kubectl({"get", "namespaces"}).ok());

  scene.change(policy, {{"roles", {{{"kind", "ClusterRole"}, {"name", "view"}}}}});
  CHECK(
      eventually(seconds(5), [&] { return scene.policy_condition(policy, "ClusterScopedRules").is_null(); }));
}

TEST_CASE("the roles of Kubernetes for namespaces are not warned about", "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre(
      "roles: [{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}, {kind: ClusterRole, name: "
      "admin}, {kind: ClusterRole, name: cluster-admin}]"));
  scene.await_policy(policy, "RoleNotBindable", "RoleNotBindable");  // found together with it
  CHECK(scene.policy_condition(policy, "ClusterScopedRules").is_null());
}
