#include <catch2/catch_test_macros.hpp>

#include "guard.hpp"

// Nobody offers a role that they may not bind themselves.
using namespace curfew::test;

namespace {

std::string policy(const std::string& name, const std::string& roles, const std::string& max = "1h") {
  return "{apiVersion: curfew.dev/v1alpha1, kind: AccessPolicy, metadata: {name: " + name +
         "}, spec: {requesters: [{kind: User, name: paul}], roles: " + roles + ", namespaces: {selector: {}}, duration: {max: " + max +
         "}, approval: {required: 0}}}";
}

// Lets paul, a policy author, bind one role.
struct Paul {
  const Cluster& cluster = Cluster::shared();
  Person admin = cluster.admin();
  std::string username = unique("paul");
  Person person = cluster.somebody(username, {"curfew-test-authors"});
  std::string role = unique("curfew-test-bind");
  std::string name = unique("policy");

  Paul(const std::string& kind, const std::string& role_name) {
    REQUIRE_THAT(
        admin.kubectl({"create", "clusterrole", role, "--verb=bind", "--resource=" + kind + ".rbac.authorization.k8s.io", "--resource-name=" + role_name}),
        Succeeds());
    REQUIRE_THAT(admin.kubectl({"create", "clusterrolebinding", role, "--clusterrole=" + role, "--user=" + username}), Succeeds());
  }
  ~Paul() {
    admin.kubectl({"delete", "clusterrole,clusterrolebinding", role});
    admin.kubectl({"delete", "accesspolicy", name, "--ignore-not-found"});
  }
  Paul(const Paul&) = delete;
  Paul& operator=(const Paul&) = delete;
};

}  // namespace

TEST_CASE("a policy author offers the roles that they may bind, and no other", "[guard]") {
  const Paul paul("clusterroles", "view");
  CHECK_THAT(paul.person.apply(policy(paul.name, "[{kind: ClusterRole, name: cluster-admin}]")),
             Refused(paul.username + " may not bind ClusterRole cluster-admin, and so may not offer it in spec.roles"));
  CHECK_THAT(paul.person.apply(policy(paul.name, "[{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}]")),
             Refused(paul.username + " may not bind every one of ClusterRole view, ClusterRole edit, and so may not offer them in spec.roles"));
  CHECK_THAT(paul.person.apply(policy(paul.name, "[{kind: Role, name: view}]")), Refused("may not bind Role view"));
  CHECK_THAT(paul.person.apply(policy(paul.name, "[{kind: ClusterRole, name: view}]")), Succeeds());
}

TEST_CASE("a policy author who may bind a Role everywhere offers it", "[guard]") {
  const Paul paul("roles", "debugger");
  CHECK_THAT(paul.person.apply(policy(paul.name, "[{kind: Role, name: debugger}]")), Succeeds());
}

TEST_CASE("a policy that offers more than its author may bind can be labelled but not changed", "[guard]") {
  const Paul paul("clusterroles", "view");
  REQUIRE_THAT(paul.admin.apply(policy(paul.name, "[{kind: ClusterRole, name: edit}]")), Succeeds());
  CHECK_THAT(paul.person.kubectl({"label", "accesspolicy", paul.name, "team=payments"}), Succeeds());
  CHECK_THAT(paul.person.kubectl({"patch", "accesspolicy", paul.name, "--type", "merge", "--patch", R"({"spec": {"duration": {"max": "2h"}}})"}),
             Refused("may not bind ClusterRole edit"));
  CHECK_THAT(paul.person.kubectl({"patch", "accesspolicy", paul.name, "--type", "json", "--patch",
                                  R"([{"op": "add", "path": "/spec/requesters/-", "value": {"kind": "Group", "name": "everybody"}}])"}),
             Refused("may not bind ClusterRole edit"));
  CHECK_THAT(paul.person.kubectl({"delete", "accesspolicy", paul.name}), Succeeds());
}

TEST_CASE("a cluster administrator offers any role", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  CHECK_THAT(
      cluster.admin().kubectl({"create", "-f", "-", "--dry-run=server"}, policy("any", "[{kind: ClusterRole, name: cluster-admin}, {kind: Role, name: x}]")),
      Succeeds());
}
