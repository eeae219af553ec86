#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// Who may request access for which subject, and whose approval counts, under the policy in force.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const Json kDave{{"kind", "User"}, {"name", "dave"}};

void check_subject_refused(const Request& request, const std::string& whom) {
  request.await("Rejected");
  CHECK(request.condition("Granted")["reason"] == "SubjectNotAllowed");
  CHECK_THAT(request.text("message"),
             ContainsSubstring("spec.subject User " + whom + " is not somebody for whom"));
  CHECK(request.recorded() == Texts{"Requested", "Rejected"});
  CHECK_FALSE(request.binding().has_value());
}

}  // namespace

TEST_CASE("a request for a subject in the policy gives access to the subject, not to the requester",
          "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(developers_may_view(
      "{required: 1, approvers: [{kind: Group, name: sre}, {kind: User, name: dave}, {kind: User, name: alice}]}",
      "subjects: [{kind: User, name: dave}]"));
  const Request request(scene, policy, "subject: {kind: User, name: dave}, duration: 10m");
  request.await("Pending");
  CHECK_THAT(request.say(scene.dave, "approve"),
             Refused("dave would get this access and so cannot approve it"));
  CHECK_THAT(request.say(scene.alice, "approve"),
             Refused("alice would get this access and so cannot approve it"));
  request.approve(scene.bob);
  request.await("Active");

  CHECK(scene.can_list_pods(scene.dave));
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  CHECK(request.status()["subject"] == kDave);
  CHECK(request.records().front()["actor"]["username"] == "alice");
  CHECK(request.await_record("Granted")["subject"] == kDave);

  REQUIRE_THAT(request.say(scene.dave, "revoke", "not needed"), Succeeds());
  request.await_no_binding();
  CHECK_FALSE(scene.can_list_pods(scene.dave));
}

TEST_CASE("nobody requests access for a subject who is not in the policy", "[lifecycle]") {
  const Scene scene;
  const std::string for_dave = scene.space.policy(automatic("subjects: [{kind: User, name: dave}]"));
  const Request other(scene, for_dave, "subject: {kind: User, name: carol}", std::nullopt, "other");
  const Request unlisted(scene, scene.space.policy(automatic()), "subject: {kind: User, name: carol}",
                         std::nullopt, "unlisted");
  check_subject_refused(other, "carol");
  CHECK_THAT(other.text("message"), ContainsSubstring("whose subjects are User dave"));
  check_subject_refused(unlisted, "carol");
}

TEST_CASE("a ServiceAccount asks for people, as a GitOps controller does", "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string& space = scene.space.name();
  REQUIRE_THAT(scene.admin.kubectl({"create", "serviceaccount", "gitops", "-n", space}), Succeeds());
  const std::string account = "--serviceaccount=" + space + ":gitops";
  REQUIRE_THAT(scene.admin.kubectl({"create", "rolebinding", "gitops", "-n", space,
                                    "--clusterrole=curfew-requester", account}),
               Succeeds());
  const Person gitops = scene.cluster.service_account(space, "gitops");
  const std::string policy = scene.space.policy(
      "{requesters: [{kind: ServiceAccount, namespace: " + space +
      ", name: gitops}], subjects: [{kind: User, name: alice}], roles: [{kind: ClusterRole, name: view}], "
      "namespaces: {names: [" +
      space + "]}, duration: {default: 10m, max: 1h}, approval: {required: 0}}");
  // RBAC's caches take a moment to allow it.
  REQUIRE(eventually(seconds(5),
                     [&] { return gitops.can({"create", "accessrequests.curfew.dev", "-n", space}); }));

  const Request request(scene, policy, "subject: {kind: User, name: alice}", gitops);
  request.await("Active");
  CHECK(scene.can_list_pods(scene.alice));
  CHECK_FALSE(scene.can_list_pods(gitops));
  CHECK(request.records().front()["actor"]["username"] == "system:serviceaccount:" + space + ":gitops");
  CHECK(request.await_record("Granted")["subject"] == Json{{"kind", "User"}, {"name", "alice"}});

  const Request refused(scene, policy, "subject: {kind: User, name: bob}", gitops, "for-bob");
  check_subject_refused(refused, "bob");
}

TEST_CASE("the approval of somebody who ceases to be an approver does not count any more", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(developers_may_view(
      "{required: 2, approvers: [{kind: User, name: bob}, {kind: User, name: carol}, {kind: User, name: dave}]}"));
  const Request request(scene, policy, "duration: 10m");
  request.approve(scene.bob);
  request.await_message("waiting for 1 more approval (1/2)");
  scene.change(policy, {{"approval", {{"approvers", {{{"kind", "User"}, {"name", "carol"}}, kDave}}}}});
  request.await_message("waiting for 2 more approvals (0/2)");
  request.approve(scene.carol);
  request.await_message("waiting for 1 more approval (1/2)");
  CHECK(request.text("phase") == "Pending");
  CHECK_FALSE(request.binding().has_value());
  request.approve(scene.dave);
  request.await("Active");
  CHECK(request.status()["approvedBy"] == Json{"carol", "dave"});
  CHECK(Json::parse(request.binding()
                        .value()["metadata"]["annotations"]["curfew.dev/approved-by"]
                        .get<std::string>()) == Json{"carol", "dave"});
}

TEST_CASE("a policy under which nobody could approve is not ready", "[lifecycle]") {
  const Scene scene;
  const std::string rest =
      ", roles: [{kind: ClusterRole, name: view}], namespaces: {selector: {}}, duration: {max: 1h}}";
  const std::string policy = scene.space.policy(
      "{requesters: [{kind: User, name: alice}], approval: {required: 1, approvers: [{kind: User, name: alice}]}" +
      rest);
  const Json ready = scene.await_policy(policy, "Ready", "NotEnoughApprovals");
  CHECK(ready["status"] == "False");
  CHECK_THAT(
      ready["message"].get<std::string>(),
      ContainsSubstring(
          "nobody may approve what they asked for, so spec.approval.approvers (User alice) are too few"));
  scene.change(
      policy,
      {{"approval",
        {{"approvers", {{{"kind", "User"}, {"name", "alice"}}, {{"kind", "User"}, {"name", "bob"}}}}}}});
  CHECK(scene.await_policy(policy, "Ready", "Ready")["status"] == "True");
}
