#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// A policy author can offer only roles that they may bind themselves.
using namespace curfew::test;

namespace {

std::string policy(const std::string& name, const std::string& roles, const std::string& max = "1h") {
  return "{apiVersion: curfew.dev/v1alpha1, kind: AccessPolicy, metadata: {name: " + name +
         "}, spec: {requesters: [{kind: User, name: paul}], roles: " + roles +
         ", namespaces: {selector: {}}, duration: {max: " + max + "}, approval: {required: 0}}}";
}

// Lets paul, a policy author, bind one role.
struct Paul {
  const Cluster& cluster = Cluster::shared();
  Person admin = cluster.admin();
  std::string username = unique("paul");
  Person person = cluster.somebody(username, {"curfew-test-authors"});
  std::string role = unique("curfew-test-bind");
  std::string name = unique("policy");

  Paul(const std::string& kind, const std::string& role_name)
      : Paul(kind, std::vector<std::string>{role_name}) {}
  // Without names, any role of that kind.
  Paul(const std::string& kind, const std::vector<std::string>& limited_to) {
    std::vector<std::string> arguments{"create", "clusterrole", role, "--verb=bind",
                                       "--resource=" + kind + ".rbac.authorization.k8s.io"};
    for (const std::string& one : limited_to) arguments.push_back("--resource-name=" + one);
    REQUIRE_THAT(admin.kubectl(arguments), Succeeds());
    REQUIRE_THAT(
        admin.kubectl({"create", "clusterrolebinding", role, "--clusterrole=" + role, "--user=" + username}),
        Succeeds());
    const std::string last = limited_to.empty() ? "" : "/" + limited_to.back();
    REQUIRE(eventually(std::chrono::seconds(10),
                       [&] { return person.can({"bind", kind + ".rbac.authorization.k8s.io" + last}); }));
  }
  ~Paul() {
    admin.kubectl({"delete", "clusterrole,clusterrolebinding", role});
    admin.kubectl({"delete", "accesspolicy", name, "--ignore-not-found"});
  }
  Paul(const Paul&) = delete;
  Paul& operator=(const Paul&) = delete;
};

// The names role-0, role-1 and so on.
std::vector<std::string> role_names(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("role-" + std::to_string(i));
  return names;
}

std::string roles(int count, const std::string& kind = "ClusterRole") {
  std::string list;
  for (const std::string& name : role_names(count))
    list += (list.empty() ? "" : ", ") + std::string("{kind: ") + kind + ", name: " + name + "}";
  return "[" + list + "]";
}

}  // namespace

TEST_CASE("a policy of any author may offer up to 24 roles", "[guard]") {
  const auto count = GENERATE(1, 2, 3, 23, 24);
  INFO(count << " roles");
  const Cluster& cluster = Cluster::shared();
  SECTION("an administrator") {
    CHECK_THAT(
        cluster.admin().kubectl({"create", "-f", "-", "--dry-run=server"}, policy("any", roles(count))),
        Succeeds());
    CHECK_THAT(cluster.admin().kubectl({"create", "-f", "-", "--dry-run=server"},
                                       policy("any", roles(count, "Role"))),
               Succeeds());
  }
  SECTION("an author who may bind each of them by its name") {
    const Paul paul("clusterroles", role_names(count));
    CHECK_THAT(paul.person.apply(policy(paul.name, roles(count))), Succeeds());
    CHECK_THAT(paul.person.apply(policy(paul.name, roles(count), "2h")), Succeeds());
  }
  SECTION("an author who may bind any Role") {
    const Paul paul("roles", std::vector<std::string>{});
    CHECK_THAT(paul.person.apply(policy(paul.name, roles(count, "Role"))), Succeeds());
    CHECK_THAT(
        paul.person.apply(policy(paul.name, roles(count))),
        Refused(paul.username + " may not bind ClusterRole role-0, and so may not offer it in spec.roles"));
  }
  SECTION("not an author who may bind all but one of them, which is named") {
    const Paul paul("clusterroles", role_names(count - 1).empty() ? std::vector<std::string>{"another"}
                                                                  : role_names(count - 1));
    CHECK_THAT(paul.person.apply(policy(paul.name, roles(count))),
               Refused(paul.username + " may not bind ClusterRole role-" + std::to_string(count - 1) +
                       ", and so may not offer it in spec.roles"));
  }
}

TEST_CASE("roles of both kinds are each asked for, up to the last one", "[guard]") {
  std::string mixed;
  for (int i = 0; i < 12; ++i)
    mixed += "{kind: Role, name: role-" + std::to_string(i) + "}, {kind: ClusterRole, name: role-" +
             std::to_string(i) + "}, ";
  const std::string list = "[" + mixed.substr(0, mixed.size() - 2) + "]";
  const Paul paul("roles", role_names(12));
  CHECK_THAT(paul.person.apply(policy(paul.name, list)), Refused("may not bind ClusterRole role-0"));
  const std::string more = paul.role + "-more";
  std::vector<std::string> arguments{"create", "clusterrole", more, "--verb=bind",
                                     "--resource=clusterroles.rbac.authorization.k8s.io"};
  for (const std::string& name : role_names(12)) arguments.push_back("--resource-name=" + name);
  REQUIRE_THAT(paul.admin.kubectl(arguments), Succeeds());
  REQUIRE_THAT(paul.admin.kubectl({"create", "clusterrolebinding", more, "--clusterrole=" + more,
                                   "--user=" + paul.username}),
               Succeeds());
  CHECK(
      eventually(std::chrono::seconds(10), [&] { return paul.person.apply(policy(paul.name, list)).ok(); }));
  paul.admin.kubectl({"delete", "clusterrole,clusterrolebinding", more});
}

TEST_CASE("a policy does not offer more than 24 roles", "[guard]") {
  CHECK_THAT(
      Cluster::shared().admin().kubectl({"create", "-f", "-", "--dry-run=server"}, policy("any", roles(25))),
      Refused("must have at most 24 items"));
}

TEST_CASE("a policy author offers the roles that they may bind, and no other", "[guard]") {
  const Paul paul("clusterroles", "view");
  CHECK_THAT(paul.person.apply(policy(paul.name, "[{kind: ClusterRole, name: cluster-admin}]")),
             Refused(paul.username +
                     " may not bind ClusterRole cluster-admin, and so may not offer it in spec.roles"));
  CHECK_THAT(
      paul.person.apply(
          policy(paul.name, "[{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}]")),
      Refused(paul.username + " may not bind ClusterRole edit, and so may not offer it in spec.roles"));
  CHECK_THAT(paul.person.apply(policy(paul.name, "[{kind: Role, name: view}]")),
             Refused("may not bind Role view"));
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
  CHECK_THAT(paul.person.kubectl({"patch", "accesspolicy", paul.name, "--type", "merge", "--patch",
                                  R"({"spec": {"duration": {"max": "2h"}}})"}),
             Refused("may not bind ClusterRole edit"));
  CHECK_THAT(
      paul.person.kubectl(
          {"patch", "accesspolicy", paul.name, "--type", "json", "--patch",
           R"([{"op": "add", "path": "/spec/requesters/-", "value": {"kind": "Group", "name": "everybody"}}])"}),
      Refused("may not bind ClusterRole edit"));
  CHECK_THAT(paul.person.kubectl({"delete", "accesspolicy", paul.name}), Succeeds());
}

TEST_CASE("a cluster administrator offers any role", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  CHECK_THAT(cluster.admin().kubectl(
                 {"create", "-f", "-", "--dry-run=server"},
                 policy("any", "[{kind: ClusterRole, name: cluster-admin}, {kind: Role, name: x}]")),
             Succeeds());
}
