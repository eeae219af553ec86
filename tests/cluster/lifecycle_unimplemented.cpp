#include <algorithm>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// Fields that the schema has and the controller does not act on yet are never silently weaker: nothing is granted.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a policy that uses what does not work yet says so and grants nothing", "[lifecycle]") {
  struct Case {
    const char* field;
    const char* spec;
  };
  const auto [field, extra] = GENERATE(values<Case>({
      {"spec.subjects", "subjects: [{kind: User, name: dave}]"},
      {"spec.schedule", "schedule: {timeZone: Europe/Berlin, windows: [{days: [Mon, Tue, Wed, Thu, Fri, Sat, Sun], start: \"00:00\", end: \"24:00\"}]}"},
      {"spec.reason.pattern", "reason: {pattern: '^INC-'}"},
      {"spec.limits", "limits: {activePerRequester: 1}"},
      {"spec.limits", "limits: {cooldown: 15m}"},
      {"spec.onChange", "onChange: Enforce"},
      {"spec.onChange", "onChange: Keep"},
      {"spec.suspend", "suspend: true"},
      {"spec.suspend", "suspend: false"},
      {"spec.approval.timeout", nullptr},
  }));
  DYNAMIC_SECTION((extra == nullptr ? field : extra)) {
    const Scene scene;
    const std::string policy = scene.space.policy(extra == nullptr ? developers_may_view("{required: 0, timeout: 8h}") : automatic(extra));
    Json ready;
    eventually(seconds(3), [&] {
      const Json conditions = scene.admin.get({"accesspolicy", policy})["status"].value("conditions", Json::array());
      const auto found = std::ranges::find_if(conditions, [](const Json& condition) { return condition["type"] == "Ready"; });
      if (found != conditions.end()) ready = *found;
      return found != conditions.end();
    });
    INFO("Ready: " << ready.dump(1));
    REQUIRE(ready.is_object());
    CHECK(ready["status"] == "False");
    CHECK(ready["reason"] == "NotImplemented");
    CHECK_THAT(ready["message"].get<std::string>(), ContainsSubstring(std::string(field) + " is not implemented yet"));

    const Request request(scene, policy, "reason: INC-1");
    request.await("Rejected");
    CHECK(request.condition("Granted")["reason"] == "NotImplemented");
    CHECK_THAT(request.text("message"), ContainsSubstring(field));
    CHECK_FALSE(request.binding().has_value());
    CHECK_FALSE(scene.can_list_pods(scene.alice));
    CHECK(request.recorded().back() == "Rejected");
  }
}

TEST_CASE("a request that uses what does not work yet is rejected", "[lifecycle]") {
  struct Case {
    const char* field;
    const char* spec;
  };
  const auto [field, extra] = GENERATE(values<Case>({
      {"spec.startTime", "startTime: \"2099-01-01T00:00:00Z\""},
      {"spec.subject", "subject: {kind: User, name: dave}"},
      {"spec.subject", "subject: {kind: ServiceAccount, namespace: default, name: default}"},
  }));
  DYNAMIC_SECTION(extra) {
    const Scene scene;
    const Request request(scene, scene.space.policy(automatic()), extra);
    request.await("Rejected");
    CHECK(request.condition("Granted")["reason"] == "NotImplemented");
    CHECK_THAT(request.text("message"), ContainsSubstring(field));
    CHECK_FALSE(request.binding().has_value());
    CHECK_FALSE(scene.can_list_pods(scene.dave));
  }
}

TEST_CASE("naming oneself as the subject is nothing special", "[lifecycle]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(automatic()), "subject: {kind: User, name: alice}");
  request.await("Active");
  CHECK(scene.can_list_pods(scene.alice));
}

TEST_CASE("a policy that works says so, and counts what goes on under it", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  const Request request(scene, policy, "duration: 10m");
  const Request other(scene, policy, "duration: 10m", std::nullopt, "other");
  request.approve(scene.bob);
  request.await("Active");
  Json status;
  const bool counted = eventually(seconds(5), [&] {
    status = scene.admin.get({"accesspolicy", policy})["status"];
    return status.value("activeGrants", 0) == 1 && status.value("pendingRequests", 0) == 1;
  });
  INFO(status.dump(1));
  CHECK(counted);
  CHECK(status["conditions"][0]["type"] == "Ready");
  CHECK(status["conditions"][0]["status"] == "True");
  CHECK(status["observedGeneration"] == 1);
}

TEST_CASE("a policy whose role does not exist says which", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic("roles: [{kind: ClusterRole, name: no-such-role}]"));
  const bool said = eventually(seconds(3), [&] {
    const Json conditions = scene.admin.get({"accesspolicy", policy})["status"].value("conditions", Json::array());
    return !conditions.empty() && conditions[0]["status"] == "False" &&
           conditions[0]["message"].get<std::string>().find("ClusterRole no-such-role does not exist") != std::string::npos;
  });
  CHECK(said);
  const Request request(scene, policy, "duration: 10m");
  request.await("Pending");
  request.await_message("no-such-role");
  request.await("Rejected", seconds(8));
  CHECK(request.condition("Granted")["reason"] == "PolicyNotReady");
}
