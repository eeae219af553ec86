#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// The API server establishes the requester, and the spec of a request never changes.
using namespace curfew::test;

TEST_CASE("a request names its author as requester, regardless of its spec", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  const std::string forged =
      space.request("forged", "{policy: " + policy + ", requester: {username: bob, groups: [sre]}}");
  const auto how = GENERATE(values<std::vector<std::string>>(
      {{"create", "-f", "-"}, {"apply", "-f", "-"}, {"apply", "--server-side", "-f", "-"}}));

  REQUIRE_THAT(cluster.as("alice").kubectl(how, forged), Succeeds());

  const Json requester = cluster.admin().get(space.target("forged"))["spec"]["requester"];
  CHECK(requester == Json{{"username", "alice"}, {"groups", {"developers", "system:authenticated"}}});
}

TEST_CASE("groups that one is not in do not make one a requester", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  const auto name = GENERATE("dave", "bob", "admin");

  CHECK_THAT(cluster.as(name).apply(space.request(
                 "forged", "{policy: " + policy + ", requester: {username: alice, groups: [developers]}}")),
             Refused("is not a requester of AccessPolicy " + policy + ": Group developers"));
}

TEST_CASE("a request in the name of another is no different for a ServiceAccount", "[guard][namespaced]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  REQUIRE_THAT(cluster.admin().kubectl({"create", "serviceaccount", "robot", "-n", space.name()}),
               Succeeds());
  REQUIRE_THAT(cluster.admin().kubectl({"create", "rolebinding", "robot", "-n", space.name(),
                                        "--clusterrole=curfew-requester",
                                        "--serviceaccount=" + space.name() + ":robot"}),
               Succeeds());

  CHECK_THAT(cluster.service_account(space.name(), "robot")
                 .apply(space.request("forged", "{policy: " + policy +
                                                    ", requester: {username: alice, groups: [developers]}}")),
             Refused("system:serviceaccount:" + space.name() + ":robot is not a requester of AccessPolicy " +
                     policy));
}

TEST_CASE("somebody in 200 groups asks with all of them", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  std::vector<std::string> groups;
  for (int i = 0; i < 199; ++i) groups.push_back("team-" + std::to_string(i));
  groups.emplace_back("developers");
  const Person busy = cluster.somebody("busy", groups);

  REQUIRE_THAT(busy.apply(space.request("ask", "{policy: " + space.policy(kDevelopersAskSreApprove) + "}")),
               Succeeds());

  const Json requester = cluster.admin().get(space.target("ask"))["spec"]["requester"];
  CHECK(requester["username"] == "busy");
  CHECK(requester["groups"].size() == 201);  // and system:authenticated
}

TEST_CASE("what was asked cannot be changed, by anybody and by any means", "[guard]") {
  Asked asked;
  const auto name = GENERATE("alice", "bob", "admin");
  const Person who = asked.cluster.as(name);
  const Json whole_spec = asked.stored()["spec"];

  for (const Json& change : {Json{{"duration", "1h"}}, Json{{"reason", "INC-2"}}, Json{{"policy", "another"}},
                             Json{{"subject", {{"kind", "User"}, {"name", "dave"}}}},
                             Json{{"role", {{"kind", "ClusterRole"}, {"name", "edit"}}}},
                             Json{{"requester", {{"username", "carol"}, {"groups", Json::array()}}}}}) {
    INFO(name << " changes " << change.dump());
    const std::string field = change.begin().key();
    CHECK_THAT(asked.json_patch(
                   who, Json::array({{{"op", "add"}, {"path", "/spec/" + field}, {"value", change[field]}}})),
               Refused("spec cannot be changed: what was asked is what is approved; make a new request"));
    for (const Means& means : kMeans) {
      INFO(means.name);
      Json spec = whole_spec;
      spec.merge_patch(change);
      CHECK_THAT((asked.*means.write)(who, {{"spec", spec}}),
                 Refused("spec cannot be changed: what was asked is what is approved; make a new request"));
    }
  }
  CHECK_THAT(asked.json_patch(who, Json::array({{{"op", "remove"}, {"path", "/spec/reason"}}})),
             Refused("spec cannot be changed"));
  CHECK(asked.stored()["spec"] == whole_spec);
}

TEST_CASE("what was asked cannot be changed even where the schema has lost its rule",
          "[guard][namespaced][kinds]") {
  Asked asked;
  const Json crd = asked.admin.get({"crd", "accessrequests.curfew.dev"});
  const std::string path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations";
  REQUIRE(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].contains(
      "x-kubernetes-validations"));
  const auto patch_crd = [&](const Json& patch) {
    const Json allowed{
        {"op", "add"}, {"path", "/metadata/annotations/curfew.dev~1allow-change"}, {"value", unique("test")}};
    return asked.admin.kubectl({"patch", "crd", "accessrequests.curfew.dev", "--type", "json", "--patch",
                                Json::array({allowed, patch}).dump()});
  };
  REQUIRE_THAT(patch_crd({{"op", "remove"}, {"path", path}}), Succeeds());

  // The remaining rule is the one of policy curfew-identity, which its message names.
  ProcessResult said;
  CHECK(eventually(std::chrono::seconds(10), [&] {
    said = asked.merge_patch(asked.alice, {{"spec", {{"duration", "1h"}}}});
    return said.all().find("curfew-identity") != std::string::npos;
  }));
  CHECK_THAT(said, Refused("spec cannot be changed: what was asked is what is approved; make a new request"));

  REQUIRE_THAT(
      patch_crd(
          {{"op", "add"},
           {"path", path},
           {"value",
            Json::array({{{"rule", "self == oldSelf"},
                          {"message", crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
                                         ["spec"]["x-kubernetes-validations"][0]["message"]}}})}}),
      Succeeds());
}

TEST_CASE("a new request carries neither decisions nor commands", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(
      "{requesters: [{kind: Group, name: developers}, {kind: Group, name: 'system:masters'}], "
      "roles: [{kind: ClusterRole, name: view}], namespaces: {selector: {}}, duration: {max: 1h}, approval: {required: 0}}");
  const std::string request = space.request("ask", "{policy: " + policy + "}");
  const auto name = GENERATE("alice", "admin");
  const Person who = cluster.as(name);
  const auto command = GENERATE("approve", "deny", "revoke");

  CHECK_THAT(who.apply(request + "decisions: [{verdict: Approve, username: bob, groups: [sre]}]"),
             Refused("a new request carries no decisions: ask first, then it can be decided"));
  std::string annotated = request;
  annotated.replace(annotated.find("{name:"), 6,
                    std::string("{annotations: {curfew.dev/") + command + ": ok}, name:");
  CHECK_THAT(who.apply(annotated),
             Refused(std::string("a new request carries no curfew.dev/") + command + ": ask first"));
}

TEST_CASE("a new request has no status, whatever it says itself", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);

  REQUIRE_THAT(cluster.as("alice").apply(
                   space.request("ask", "{policy: " + space.policy(kDevelopersAskSreApprove) + "}") +
                   "status: {phase: Active, approvals: 1/1}"),
               Succeeds());

  CHECK_FALSE(cluster.admin().get(space.target("ask")).contains("status"));
}

TEST_CASE("nobody asks in the namespaces of Kubernetes and of Curfew", "[guard][namespaced]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  const auto reserved = GENERATE("kube-system", "kube-public", "curfew-system");

  CHECK_THAT(
      cluster.as("alice").apply(
          std::string(
              "{apiVersion: curfew.dev/v1alpha1, kind: AccessRequest, metadata: {name: ask, namespace: ") +
          reserved + "}, spec: {policy: " + policy + "}}"),
      Refused(std::string("Curfew grants nothing in namespace ") + reserved));
}
