#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Deleting a live request ends access without a record of who did it, so only those may delete it who could
// end it anyway.
using namespace curfew::test;

namespace {

// A request that bob has approved; each test sets the status that Curfew would write.
struct Live : Asked {
  explicit Live(const std::string& more = std::string(kSettled)) : Asked(kDevelopersAskSreApprove, more) {}

  void is(const std::string& phase, const std::string& on_change = "") const {
    Json status{{"phase", phase},
                {"complete", false},
                {"policy", {{"name", policy}, {"uid", "11111111-2222-3333-4444-555555555555"}}},
                {"subject", {{"kind", "User"}, {"name", "alice"}}},
                {"approvedBy", {"bob"}}};
    if (!on_change.empty()) status["onChange"] = on_change;
    set_status(status);
  }
  ProcessResult remove(const Person& who, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = space.on("delete", "ask", {"--wait=false"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return who.kubectl(arguments);
  }
  ProcessResult remove_as(const std::string& user,
                          const std::vector<std::string>& groups = {"curfew-test-people"}) const {
    return remove(admin, impersonating(user, groups, {}));
  }
  bool is_there() const { return admin.kubectl(space.on("get", "ask")).ok(); }
};

const std::string kInstead = "revoke it instead, so that it is said who did: annotate curfew.dev/revoke";

}  // namespace

TEST_CASE("strangers do not delete a live request, by any means", "[guard][namespaced]") {
  const Live live;
  const std::string state = GENERATE("not looked at", "Pending", "Scheduled", "Active");
  if (state != "not looked at") live.is(state, state == "Active" ? "Enforce" : "");
  INFO(state);
  CHECK_THAT(
      live.remove(live.dave),
      Refused(
          "dave may not delete this request while it is live, only its requester (alice), its subject, "));
  CHECK_THAT(live.remove(live.dave, {"--cascade=orphan"}), Refused(kInstead));
  CHECK_THAT(live.remove(live.dave, {"--cascade=foreground"}), Refused(kInstead));
  CHECK_THAT(live.dave.kubectl({"delete", "accessrequests", "--all", "-n", live.space.name()}),
             Refused(kInstead));
  CHECK_THAT(live.remove_as("alice-2"), Refused(kInstead));
  CHECK_THAT(live.remove_as("system:serviceaccount:curfew-system:curfew", {"system:serviceaccounts"}),
             Refused(kInstead));
  CHECK(live.is_there());
}

TEST_CASE("a collection of requests is not deleted by strangers", "[guard][namespaced]") {
  const Live live;
  live.is("Active", "Enforce");
  const std::string role = unique("curfew-test-collector");
  REQUIRE_THAT(live.admin.kubectl({"create", "role", role, "-n", live.space.name(), "--verb=deletecollection",
                                   "--resource=accessrequests.curfew.dev"}),
               Succeeds());
  REQUIRE_THAT(live.admin.kubectl(
                   {"create", "rolebinding", role, "-n", live.space.name(), "--role=" + role, "--user=dave"}),
               Succeeds());
  const std::string path = "/apis/curfew.dev/v1alpha1/namespaces/" + live.space.name() + "/accessrequests";
  CHECK_THAT(live.dave.kubectl({"delete", "--raw", path}), Refused(kInstead));
  CHECK(live.is_there());
}

TEST_CASE("its requester, its approvers and the system's controllers delete a live request", "[guard]") {
  const Live live;
  const bool is_active = GENERATE(true, false);
  live.is(is_active ? "Active" : "Pending", is_active ? "Enforce" : "");
  struct Who {
    const char* user;
    std::vector<std::string> groups;
  };
  const auto who = GENERATE(
      values<Who>({{"alice", {"developers"}},
                   {"bob", {"curfew-test-people"}},  // has approved it, but is in no list
                   {"carol", {"sre"}},
                   {"system:serviceaccount:kube-system:generic-garbage-collector", {"curfew-test-people"}},
                   {"system:serviceaccount:kube-system:namespace-controller", {"curfew-test-people"}},
                   {"system:kube-controller-manager", {"curfew-test-people"}},
                   {"admin", {"system:masters"}}}));
  INFO(who.user);
  CHECK_THAT(live.remove_as(who.user, who.groups), Succeeds());
  CHECK_FALSE(live.is_there());
}

TEST_CASE("a request that Curfew has not looked at is deleted by its requester, and not by its approvers yet",
          "[guard]") {
  const Live live;
  CHECK_THAT(live.remove(live.bob), Refused(kInstead));
  CHECK_THAT(live.remove(live.alice), Succeeds());
}

TEST_CASE("its subject deletes a live request", "[guard]") {
  const Live live(std::string(kSettled) + ", subject: {kind: ServiceAccount, namespace: flux, name: flux}");
  live.set_status({{"phase", "Active"}, {"subject", {{"kind", "User"}, {"name", "dave"}}}});
  const std::string user = GENERATE("system:serviceaccount:flux:flux", "dave");
  for (const std::string other :
       {"flux", "system:serviceaccount:flux:other", "system:serviceaccount:other:flux", "flux:flux"})
    CHECK_THAT(live.remove_as(other), Refused(kInstead));
  CHECK_THAT(live.remove_as(user), Succeeds());
}

TEST_CASE("holders of the verb end delete a live request", "[guard]") {
  const Live live;
  live.is("Active", "Keep");
  const std::string ender = unique("ender");
  std::vector<std::string> binding = live.space.binding(ender);
  binding.insert(binding.begin(), "create");
  binding.insert(binding.end(), {"--clusterrole=curfew-ender", "--user=erin"});
  REQUIRE_THAT(live.admin.kubectl(binding), Succeeds());
  CHECK(eventually(std::chrono::seconds(10), [&] { return live.remove_as("erin").ok(); }));
  CHECK_FALSE(live.is_there());
  if (is_cluster_wide()) live.admin.kubectl({"delete", "clusterrolebinding", ender});
}

TEST_CASE("under Keep only those are its approvers who approved it, whether its policy is there or not",
          "[guard]") {
  const Live live;
  live.is("Active", "Keep");
  if (GENERATE(true, false))
    REQUIRE_THAT(live.admin.kubectl({"delete", "accesspolicy", live.policy}), Succeeds());
  CHECK_THAT(
      live.remove(live.carol),
      Refused(
          "only its requester (alice), its subject, whoever approved it and holders of the verb end on accessrequests"));
  CHECK_THAT(live.remove(live.dave), Refused(kInstead));
  CHECK_THAT(live.remove(live.bob), Succeeds());
}

TEST_CASE("the refusal of a deletion names the policy whose approvers may delete", "[guard]") {
  const Live live;
  live.is("Active", "Enforce");
  CHECK_THAT(live.remove(live.dave),
             Refused("only its requester (alice), its subject, the approvers of AccessPolicy " + live.policy +
                     " and holders of the verb end on accessrequests: " + kInstead));
}

TEST_CASE("a refusal shows no name that would not print as it is", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  const std::string name = GENERATE("\x1b[2Jmallory", "\u202Emallory", "mal\u200Blory", "mal\u0085lory");
  REQUIRE_THAT(cluster.somebody(name, {"developers", "curfew-test-people"})
                   .apply(space.request("ask", "{policy: " + policy + "}")),
               Succeeds());
  const ProcessResult deleted = cluster.as("dave").kubectl(space.on("delete", "ask"));
  CHECK_THAT(deleted,
             Refused("dave may not delete this request while it is live, only its requester, its subject, "));
  CHECK(deleted.err.find("mal") == std::string::npos);
  const ProcessResult labelled = cluster.as("dave").kubectl(space.on("label", "ask", {"team=x"}));
  CHECK_THAT(labelled,
             Refused("finalizers and ownerReferences of this request are changed by its requester only"));
  CHECK(labelled.err.find("mal") == std::string::npos);
}

TEST_CASE("a complete request may be deleted by people with permission in RBAC", "[guard]") {
  const Live live;
  live.set_status({{"phase", "Expired"}, {"complete", true}, {"onChange", "Keep"}});
  CHECK_THAT(live.remove(live.dave), Succeeds());
}

TEST_CASE("deleting the namespace deletes its live requests", "[guard]") {
  const Live live;
  live.is("Active", "Keep");
  CHECK_THAT(live.admin.kubectl({"delete", "namespace", live.space.name(), "--timeout=60s"}), Succeeds());
}
