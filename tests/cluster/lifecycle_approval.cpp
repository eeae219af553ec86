#include "lifecycle.hpp"

// Which approvals are needed, and whose approvals count.
using namespace curfew::test;

namespace {

// A ServiceAccount in the scene's namespace, with the rights of the scene's users.
Person service_account(const Scene& scene, const std::string& name) {
  const std::string& space = scene.space.name();
  REQUIRE_THAT(scene.admin.kubectl({"create", "serviceaccount", name, "-n", space}), Succeeds());
  for (const std::string role : {"curfew-requester", "curfew-approver"}) {
    REQUIRE_THAT(scene.admin.kubectl({"create", "rolebinding", role, "-n", space, "--clusterrole", role,
                                      "--serviceaccount", space + ":" + name}),
                 Succeeds());
  }
  return scene.cluster.service_account(space, name);
}

}  // namespace

TEST_CASE("two approvals are two people", "[lifecycle]") {
  const Scene scene;
  const Request request(
      scene, scene.space.policy(developers_may_view("{required: 2, approvers: [{kind: Group, name: sre}]}")),
      "reason: INC-1");
  request.await_message("waiting for 2 more approvals");
  CHECK(request.text("approvals") == "0/2");

  request.approve(scene.bob, "first");
  request.await_message("waiting for 1 more approval");
  CHECK(request.text("approvals") == "1/2");
  request.say(scene.bob, "approve", "and again");  // adds nothing new, whatever kubectl answers
  scene.alice.kubectl(scene.space.on("label", "ask", {"touched=yes"}));
  CHECK(request.stored()["decisions"].size() == 1);
  CHECK(request.text("phase") == "Pending");
  CHECK_FALSE(request.binding().has_value());

  request.approve(scene.carol, "second");
  request.await("Active");
  CHECK(request.text("approvals") == "2/2");
  CHECK(request.status()["approvedBy"] == Json{"bob", "carol"});
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Approved", "Granted"});
}

TEST_CASE("an approver takes back an approval, and the request waits for others", "[lifecycle]") {
  const Scene scene;
  const Request request(
      scene, scene.space.policy(developers_may_view("{required: 2, approvers: [{kind: Group, name: sre}]}")),
      "reason: INC-1");
  request.await("Pending");
  request.approve(scene.bob, "first");
  request.await_message("waiting for 1 more approval");
  REQUIRE_THAT(request.say(scene.bob, "revoke", "wrong ticket"), Succeeds());
  request.await_message("waiting for 2 more approvals (0/2)");
  CHECK(request.await_record("ApprovalWithdrawn")["message"] == "bob took back their approval: wrong ticket");
  CHECK(request.await_event("ApprovalWithdrawn")["type"] == "Normal");
  request.approve(scene.carol, "second");
  request.approve(scene.bob, "right after all");
  request.await("Active");
  REQUIRE_THAT(request.say(scene.bob, "revoke", "enough"), Succeeds());
  request.await("Revoked");
  CHECK(request.recorded() ==
        Texts{"Requested", "Approved", "ApprovalWithdrawn", "Approved", "Approved", "Granted", "Revoked"});
}

TEST_CASE("a policy that requires no approval grants at once", "[lifecycle]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(automatic()), "duration: 10m");
  request.await("Active");
  CHECK(scene.can_list_pods(scene.alice));
  CHECK(request.condition("Approved")["reason"] == "NoApprovalNeeded");
  CHECK(request.recorded() == Texts{"Requested", "Granted"});
}

TEST_CASE("nobody approves their own request unless the policy allows it", "[lifecycle]") {
  const Scene scene;
  const std::string approvers = "approvers: [{kind: Group, name: sre}]";
  const std::string requesters =
      "requesters: [{kind: Group, name: sre}], roles: [{kind: ClusterRole, name: view}], namespaces: {selector: {}}, duration: {max: 1h}";

  SECTION("refused, by name") {
    const Request request(
        scene, scene.space.policy("{" + requesters + ", approval: {required: 1, " + approvers + "}}"),
        "duration: 10m", scene.bob);
    CHECK_THAT(request.say(scene.bob, "approve"),
               Refused("bob would get this access and so cannot approve it"));
    request.await("Pending");
    CHECK(request.text("approvals") == "0/1");
    request.approve(scene.carol);
    request.await("Active");
  }
  SECTION("allowed by allowSelfApproval") {
    const Request request(
        scene,
        scene.space.policy("{" + requesters + ", approval: {required: 1, allowSelfApproval: true, " +
                           approvers + "}}"),
        "duration: 10m", scene.bob);
    request.approve(scene.bob);
    request.await("Active");
    CHECK(request.status()["approvedBy"] == Json{"bob"});
  }
}

TEST_CASE("an approver may be a User or a ServiceAccount", "[lifecycle][namespaced]") {
  const Scene scene;
  const Person robot = service_account(scene, "robot");
  const std::string policy = scene.space.policy(developers_may_view(
      "{required: 1, approvers: [{kind: User, name: dave}, {kind: ServiceAccount, namespace: " +
      scene.space.name() + ", name: robot}]}"));
  const Request request(scene, policy, "duration: 10m");
  request.await("Pending");

  SECTION("User") {
    CHECK_THAT(request.say(scene.bob, "approve"),
               Refused("bob is not an approver of AccessPolicy " + policy));
    request.approve(scene.dave);
    request.await("Active");
    CHECK(request.status()["approvedBy"] == Json{"dave"});
  }
  SECTION("ServiceAccount") {
    request.approve(robot);
    request.await("Active");
    CHECK(request.status()["approvedBy"] == Json{"system:serviceaccount:" + scene.space.name() + ":robot"});
  }
}

TEST_CASE("a ServiceAccount that asks gets the binding as a ServiceAccount", "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string& space = scene.space.name();
  const Person flux = service_account(scene, "flux");
  const std::string policy =
      scene.space.policy("{requesters: [{kind: ServiceAccount, namespace: " + space +
                         ", name: flux}], roles: [{kind: ClusterRole, name: view}], namespaces: {names: [" +
                         space + "]}, duration: {max: 1h}, approval: {required: 0}}");
  const Request request(scene, policy, "duration: 10m, reason: from git", flux);
  request.await("Active");
  CHECK(request.binding().value()["subjects"] ==
        Json::array({{{"kind", "ServiceAccount"}, {"name", "flux"}, {"namespace", space}}}));
  CHECK(request.status()["subject"] ==
        Json{{"kind", "ServiceAccount"}, {"name", "flux"}, {"namespace", space}});
  CHECK(scene.can_list_pods(flux));
  CHECK(request.records().front()["actor"]["username"] == flux.name());
}

TEST_CASE("somebody in 200 groups asks, and somebody in 200 groups approves", "[lifecycle]") {
  const Scene scene;
  std::vector<std::string> groups;
  groups.reserve(200);
  for (int number = 0; number < 199; ++number)
    groups.push_back("team-" + std::to_string(number) + "-of-a-large-company");
  std::vector<std::string> approving = groups;
  groups.push_back("developers");
  approving.push_back("sre");
  const Person mallika = scene.cluster.somebody("mallika", groups);
  const Person bo = scene.cluster.somebody("bo", approving);

  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 10m", mallika);
  request.await("Pending");
  request.approve(bo);
  request.await("Active");
  CHECK(scene.can_list_pods(mallika));
  CHECK(request.records()[1]["actor"]["groups"].size() >= 200);
}

TEST_CASE("an approval counts only while the policy says so", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(
      developers_may_view("{required: 2, approvers: [{kind: User, name: bob}, {kind: User, name: carol}]}"));
  const Request request(scene, policy, "duration: 10m");
  request.approve(scene.bob);
  request.await_message("waiting for 1 more approval");
  CHECK(request.text("approvals") == "1/2");

  scene.change(
      policy,
      {{"approval",
        {{"approvers", {{{"kind", "User"}, {"name", "carol"}}, {{"kind", "User"}, {"name", "dave"}}}}}}});
  request.await_message("waiting for 2 more approvals");
  CHECK(request.text("approvals") == "0/2");

  request.approve(scene.carol);
  request.await_message("waiting for 1 more approval");
  CHECK_FALSE(request.binding().has_value());
  request.approve(scene.dave);
  request.await("Active");
  CHECK(request.status()["approvedBy"] == Json{"carol", "dave"});
}

TEST_CASE("a policy that comes to require fewer approvals grants what has enough", "[lifecycle]") {
  const Scene scene;
  const std::string policy =
      scene.space.policy(developers_may_view("{required: 2, approvers: [{kind: Group, name: sre}]}"));
  const Request request(scene, policy, "duration: 10m");
  request.approve(scene.bob);
  request.await_message("waiting for 1 more approval");
  scene.change(policy, {{"approval", {{"required", 1}}}});
  request.await("Active");
}
