#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// What the status of a policy reports, including what cannot work in the policy.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::size_t status_writes(const Scene& scene, const std::string& policy, curfew::TimePoint since) {
  const auto calls = calls_of_curfew(scene.cluster, since, policy);
  const auto is_one = [&](const Json& call) {
    const Json& object = call["objectRef"];
    return object.value("resource", "") == "accesspolicies" && object.value("name", "") == policy &&
           (call["verb"] == "patch" || call["verb"] == "update");
  };
  return static_cast<std::size_t>(std::ranges::count_if(calls, is_one));
}

}  // namespace

TEST_CASE("a policy warns of a role with which access can be kept beyond the grant", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(
      one_of_sre("roles: [{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}]"));
  const std::string harmless = scene.space.policy(one_of_sre());
  const Json warning = scene.await_policy(policy, "OutlivesGrant", "OutlivesGrant");
  CHECK(warning["status"] == "True");
  const std::string message = warning["message"];
  CHECK_THAT(
      message,
      ContainsSubstring(
          "ClusterRole edit allows create serviceaccounts/token, create/get/list/patch/update/watch secrets, create/patch/update pods"));
  CHECK_THAT(message, !ContainsSubstring("ClusterRole view"));
  CHECK_THAT(scene.policy_condition(policy, "Ready")["message"].get<std::string>(),
             !ContainsSubstring("outlive"));  // only a warning

  scene.await_policy(harmless, "Ready", "Ready");
  CHECK(scene.policy_condition(harmless, "OutlivesGrant").is_null());
  scene.change(policy, {{"roles", {{{"kind", "ClusterRole"}, {"name", "view"}}}}});
  CHECK(eventually(seconds(3), [&] { return scene.policy_condition(policy, "OutlivesGrant").is_null(); }));
}

TEST_CASE("a policy whose reason.pattern cannot be used is not ready, and others are served on",
          "[lifecycle]") {
  const Scene scene;
  const std::string good = scene.space.policy(automatic());
  int count = 0;
  for (const std::string pattern : {"(", "(?=INC)", "((((a{1,100}){1,100}){1,100}){1,100})", "\\\\1"}) {
    INFO(pattern);
    const std::string policy = scene.space.policy(automatic("reason: {pattern: \"" + pattern + "\"}"));
    const Json ready = scene.await_policy(policy, "Ready", "ReasonPatternInvalid");
    CHECK(ready["status"] == "False");
    CHECK_THAT(ready["message"].get<std::string>(),
               ContainsSubstring("is not an RE2 expression that can be used"));
    const Request request(scene, policy, "reason: INC-1", std::nullopt, "ask-" + std::to_string(++count));
    request.await_message("is not ready: spec.reason.pattern");
    CHECK_FALSE(request.binding().has_value());
  }
  const Request served(scene, good, "reason: INC-1", std::nullopt, "served");
  served.await("Active");
}

TEST_CASE(
    "a suspended policy is Ready, has condition Suspended, grants nothing, and serves again when it is not",
    "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic("suspend: true"));
  const Json ready = scene.await_policy(policy, "Ready", "PolicySuspended");
  CHECK(ready["status"] == "True");  // or Flux and Helm would wait for the end of a freeze
  CHECK(scene.policy_condition(policy, "Suspended")["status"] == "True");
  const Request refused(scene, policy, "duration: 10m", std::nullopt, "refused");
  refused.await("Rejected");
  CHECK(refused.condition("Granted")["reason"] == "PolicySuspended");
  CHECK_THAT(refused.text("message"),
             ContainsSubstring("AccessPolicy " + policy + " is suspended (spec.suspend: true)"));
  scene.change(policy, {{"suspend", false}});
  CHECK(scene.await_policy(policy, "Ready", "Ready")["status"] == "True");
  CHECK(scene.policy_condition(policy, "Suspended").is_null());
  const Request served(scene, policy, "duration: 10m", std::nullopt, "served");
  served.await("Active");
}

TEST_CASE("a reason that does not match the policy's pattern is refused with both", "[lifecycle]") {
  const Scene scene;
  const std::string policy =
      scene.space.policy(automatic("reason: {required: true, pattern: '^(INC|CHG)-[0-9]+'}"));
  const Request matching(scene, policy, "reason: INC-123 consumer is stuck", std::nullopt, "matching");
  const Request other(scene, policy, "reason: because", std::nullopt, "other");
  matching.await("Active");
  other.await("Rejected");
  CHECK(other.condition("Granted")["reason"] == "ReasonMismatch");
  CHECK_THAT(
      other.text("message"),
      ContainsSubstring("spec.reason \"because\" does not match ^(INC|CHG)-[0-9]+, which AccessPolicy " +
                        policy + " requires"));
  CHECK(other.recorded() == Texts{"Requested", "Rejected"});
}

TEST_CASE("a burst of requests writes their policy's status a few times only", "[lifecycle]") {
  constexpr int kMany = 120;
  const Scene scene;
  const auto began = now();
  const std::string policy = scene.space.policy(one_of_sre());
  std::string batch;
  for (int i = 0; i < kMany; ++i)
    batch += scene.space.request("burst-" + std::to_string(i), "{policy: " + policy + ", duration: 30m}") +
             "---\n";
  REQUIRE_THAT(scene.alice.kubectl({"create", "-f", "-"}, batch), Succeeds());
  const auto pending = [&] {
    return scene.admin.get({"accesspolicy", policy})
        .value("status", Json::object())
        .value("pendingRequests", 0);
  };
  eventually(seconds(20), [&] { return pending() == kMany; });
  CHECK(pending() == kMany);
  const auto writes = status_writes(scene, policy, began);
  const auto took = std::chrono::duration_cast<milliseconds>(now() - began);
  WARN(kMany << " requests in " << took.count() << " ms wrote the status of their policy " << writes
             << " times");
  // At most one per second.
  CHECK(writes >= 1);
  CHECK(writes <= 3 + static_cast<std::size_t>(std::chrono::ceil<seconds>(took).count()));
}
