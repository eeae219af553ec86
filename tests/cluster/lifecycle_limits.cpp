#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "lifecycle.hpp"

// How much access one person may have at a time, and how soon again, under one policy.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr const char* kTwoAtATime = "limits: {activePerRequester: 2}";

constexpr int kMany = 10;

// Makes all requests at once, in one call.
void ask_for_ten(const Scene& scene, const std::string& policy) {
  std::string batch;
  for (int i = 0; i < kMany; ++i)
    batch +=
        scene.space.request("ten-" + std::to_string(i), "{policy: " + policy + ", duration: 30m}") + "---\n";
  REQUIRE_THAT(scene.alice.kubectl({"create", "-f", "-"}, batch), Succeeds());
}

// The phases as soon as all requests are decided, sorted.
Texts phases_of_ten(const Scene& scene) {
  Texts phases;
  const auto decided = [&] {
    phases.clear();
    const Json all = scene.admin.get({"accessrequests", "-n", scene.space.name()})["items"];
    for (const Json& request : all)
      phases.push_back(request.value("status", Json::object()).value("phase", "Pending"));
    return phases.size() == kMany && std::ranges::count(phases, "Pending") == 0;
  };
  eventually(seconds(10), decided);
  std::ranges::sort(phases);
  return phases;
}

void check_rejected_by_limit(const Request& request, const std::string& reason, const std::string& sentence) {
  request.await("Rejected", seconds(3));
  CHECK(request.condition("Granted")["reason"] == reason);
  CHECK_THAT(request.text("message"), ContainsSubstring(sentence));
  CHECK(request.recorded() == Texts{"Requested", "Rejected"});
  CHECK_FALSE(request.binding().has_value());
}

}  // namespace

TEST_CASE("of ten requests at once exactly as many are granted as the policy allows",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic(kTwoAtATime));
  ask_for_ten(scene, policy);
  CHECK(phases_of_ten(scene) == Texts{"Active", "Active", "Rejected", "Rejected", "Rejected", "Rejected",
                                      "Rejected", "Rejected", "Rejected", "Rejected"});
  CHECK(scene.managed_bindings() == 2);
  const Json all = scene.admin.get({"accessrequests", "-n", scene.space.name()})["items"];
  for (const Json& request : all) {
    if (request["status"]["phase"] != "Rejected") continue;
    CHECK_THAT(request["status"]["message"].get<std::string>(),
               ContainsSubstring("alice has 2 active under AccessPolicy " + policy +
                                 ", whose limits.activePerRequester is 2"));
    CHECK_THAT(request["status"]["conditions"].dump(), ContainsSubstring("TooManyActive"));
  }

  // Another policy has its own limits, and access that is given up can be granted again.
  const Request elsewhere(scene, scene.space.policy(automatic(kTwoAtATime)), "duration: 30m", std::nullopt,
                          "elsewhere");
  elsewhere.await("Active");
  const auto given =
      std::ranges::find_if(all, [](const Json& request) { return request["status"]["phase"] == "Active"; });
  const std::string name = (*given)["metadata"]["name"];
  REQUIRE_THAT(scene.alice.kubectl(scene.space.on("annotate", name, {"curfew.dev/revoke=done"})), Succeeds());
  const std::string revoked = "--for=jsonpath={.status.phase}=Revoked";
  REQUIRE_THAT(scene.admin.kubectl(scene.space.on("wait", name, {revoked, "--timeout=5s"})), Succeeds());
  const Request next(scene, policy, "duration: 30m", std::nullopt, "next");
  next.await("Active");
}

TEST_CASE("after access comes a pause, for that person under that policy", "[lifecycle]") {
  const Scene scene;
  const Person erin = scene.cluster.somebody("erin", {"developers"});
  const std::string policy = scene.space.policy(automatic("limits: {cooldown: 6s}"));
  const Request first(scene, policy, "duration: 30m", std::nullopt, "first");
  first.await("Active");
  REQUIRE_THAT(first.say(scene.alice, "revoke", "done"), Succeeds());
  first.await("Revoked");
  const auto ended = first.time("endedAt");

  const Request second(scene, policy, "duration: 30m", std::nullopt, "second");
  check_rejected_by_limit(second, "Cooldown", "and its limits.cooldown is 6s: ask again from ");
  const Request of_erin(scene, policy, "duration: 30m", erin, "of-erin");
  const Request elsewhere(scene, scene.space.policy(automatic("limits: {cooldown: 6s}")), "duration: 30m",
                          std::nullopt, "elsewhere");
  of_erin.await("Active");
  elsewhere.await("Active");

  sleep_until(ended + seconds(7));
  const Request third(scene, policy, "duration: 30m", std::nullopt, "third");
  third.await("Active");
}

TEST_CASE("limits and pauses outlast a restart of the controller", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string limited = scene.space.policy(automatic(kTwoAtATime));
  const std::string paused = scene.space.policy(automatic("limits: {cooldown: 1h}"));
  const Request one(scene, limited, "duration: 30m", std::nullopt, "one");
  const Request two(scene, limited, "duration: 30m", std::nullopt, "two");
  const Request over(scene, paused, "duration: 30m", std::nullopt, "over");
  for (const Request* request : {&one, &two, &over}) request->await("Active");
  REQUIRE_THAT(over.say(scene.alice, "revoke", "done"), Succeeds());
  over.await("Revoked");

  REQUIRE(controller.stop() == 0);
  controller.start_leading();
  const Request third(scene, limited, "duration: 30m", std::nullopt, "third");
  const Request again(scene, paused, "duration: 30m", std::nullopt, "again");
  const Request of_erin(scene, paused, "duration: 30m", scene.cluster.somebody("erin", {"developers"}),
                        "of-erin");
  check_rejected_by_limit(third, "TooManyActive", "alice has 2 active");
  check_rejected_by_limit(again, "Cooldown", "alice had access under AccessPolicy " + paused);
  of_erin.await("Active");
  CHECK(one.text("phase") == "Active");
  CHECK(two.text("phase") == "Active");
  controller.stop();
}

TEST_CASE("a controller killed while it grants as much as the policy allows does not grant more afterwards",
          "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic("limits: {activePerRequester: 6}"));
  ask_for_ten(scene, policy);
  controller.kill();
  controller.start_leading();
  CHECK(phases_of_ten(scene) == Texts{"Active", "Active", "Active", "Active", "Active", "Active", "Rejected",
                                      "Rejected", "Rejected", "Rejected"});
  CHECK(scene.managed_bindings() == 6);
  controller.stop();
}
