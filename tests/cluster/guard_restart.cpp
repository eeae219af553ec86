#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "guard.hpp"

// An API server that has just started lacks the AccessPolicies (for up to half a minute if there are many
// CRDs) and the schemas of custom resources (for some seconds). Both states are caused here for one
// namespace, by altered copies of the admission policies in the cluster.
using namespace curfew::test;
using std::chrono::seconds;

namespace {

// A copy of an admission policy, and its binding, that applies to one namespace only. The destructor deletes
// both.
class PolicyCopy {
 public:
  PolicyCopy(const Cluster& cluster, std::string singular, const std::string& original, const std::string& ns,
             const std::function<void(Json& spec)>& alter)
      : admin_(cluster.admin()), singular_(std::move(singular)), name_(ns) {
    Json policy = admin_.get({singular_, original});
    Json binding = admin_.get({singular_ + "binding", original});
    for (Json* object : {&policy, &binding}) {
      (*object)["metadata"] = {{"name", name_}};
      object->erase("status");
    }
    policy["spec"]["matchConstraints"]["namespaceSelector"] = {
        {"matchLabels", {{"kubernetes.io/metadata.name", ns}}}};
    alter(policy["spec"]);
    binding["spec"]["policyName"] = name_;
    binding["spec"].erase("matchResources");
    REQUIRE_THAT(admin_.apply(policy.dump()), Succeeds());
    REQUIRE_THAT(admin_.apply(binding.dump()), Succeeds());
  }
  ~PolicyCopy() {
    admin_.kubectl({"delete", singular_ + "binding", name_});
    admin_.kubectl({"delete", singular_, name_});
  }
  PolicyCopy(const PolicyCopy&) = delete;
  PolicyCopy& operator=(const PolicyCopy&) = delete;

  void change(const Json& spec) const {
    REQUIRE_THAT(admin_.kubectl(
                     {"patch", singular_, name_, "--type", "merge", "--patch", Json{{"spec", spec}}.dump()}),
                 Succeeds());
  }

 private:
  const Person admin_;
  const std::string singular_;
  const std::string name_;
};

}  // namespace

TEST_CASE("an API server that does not find the AccessPolicies lets people ask, decide and revoke",
          "[guard][namespaced]") {
  const Asked asked;
  const auto ask = [&](const Person& who) {
    return who.kubectl({"create", "--dry-run=server", "-f", "-"},
                       asked.space.request("next", "{policy: " + asked.policy + ", " + kSettled + "}"));
  };
  const Json shipped =
      asked.admin.get({"validatingadmissionpolicy", "curfew-eligibility"})["spec"]["failurePolicy"];
  const PolicyCopy blind(asked.cluster, "validatingadmissionpolicy", "curfew-eligibility", asked.space.name(),
                         [](Json& spec) {
                           spec["paramKind"]["kind"] = "NotFoundYet";
                           spec["failurePolicy"] = "Fail";
                         });
  ProcessResult said;
  REQUIRE(eventually(seconds(30), [&] { return !(said = ask(asked.alice)).ok(); }));
  CHECK_THAT(said, Refused("failed to find resource referenced by paramKind"));

  blind.change({{"failurePolicy", shipped}});
  CHECK(eventually(seconds(15), [&] { return (said = ask(asked.alice)).ok(); }));
  CHECK_THAT(said, Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  CHECK_THAT(asked.annotate(asked.alice, {"curfew.dev/revoke=done"}), Succeeds());
  CHECK(asked.decisions().size() == 2);
}

TEST_CASE("a request that states its requester needs nothing filled in", "[guard][namespaced]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  REQUIRE_THAT(cluster.admin().kubectl({"label", "namespace", space.name(), "curfew-test=unmutated"}),
               Succeeds());
  exempt_labelled_namespaces(cluster);  // of the original, which would fill in the requester before the copy
  const auto ask = [&](const std::string& requester) {
    return cluster.as("alice").kubectl({"create", "--dry-run=server", "-f", "-"},
                                       space.request("ask", "{policy: " + policy + requester + "}"));
  };
  const PolicyCopy failing(
      cluster, "mutatingadmissionpolicy", "curfew-requester", space.name(), [](Json& spec) {
        spec["mutations"] = {
            {{"patchType", "JSONPatch"},
             {"jsonPatch", {{"expression", R"([JSONPatch{op: "remove", path: "/spec/nothing"}])"}}}}};
      });
  REQUIRE(
      eventually(seconds(30), [&] { return ask("").all().find("nonexistent key") != std::string::npos; }));

  CHECK_THAT(ask(", requester: {username: alice, groups: [developers, 'system:authenticated']}"), Succeeds());
  // Whatever else it states is replaced, here by the patch that fails.
  for (const char* other :
       {"{username: bob, groups: [developers, 'system:authenticated']}",
        "{username: alice, groups: [sre, 'system:authenticated']}", "{username: alice}", "alice"})
    CHECK_THAT(ask(std::string(", requester: ") + other), Refused("nonexistent key"));
}
