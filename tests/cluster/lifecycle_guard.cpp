#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "lifecycle.hpp"
#include "lifted_guard.hpp"

// While the admission policies that establish requesters and approvers differ from what Curfew ships, nothing
// is granted, what is first written in that time waits, and access still ends. It never counts unless the
// guard continues the one before.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// An approval in bob's name, by someone else.
void forge_approval(const Scene& scene, const Request& request) {
  const std::string patch =
      R"([{"op": "add", "path": "/decisions", "value": [{"verdict": "Approve", "username": "bob", "groups": ["sre", "system:authenticated"], "comment": "forged"}]}])";
  once_unguarded(scene.alice, scene.space.on("patch", request.name(), {"--type", "json", "--patch", patch}));
}

// ... after a status that says that Curfew has already seen it.
void forge_unseen(const Scene& scene, const Guard& guard, const Request& request) {
  guard.remove("curfew-writes");
  const std::string patch = R"({"status": {"observedDecisions": 1}})";
  once_unguarded(scene.admin,
                 scene.space.on("patch", request.name(),
                                {"--subresource", "status", "--type", "merge", "--patch", patch}));
  forge_approval(scene, request);
}

bool readyz_says(const Controller& controller, int status, const std::string& part) {
  return eventually(seconds(5), [&] {
    const Page page = controller.get("/readyz");
    return page.status == status && page.body.find(part) != std::string::npos;
  });
}

void check_not_granted(const Scene& scene, const Request& request) {
  CHECK(request.text("phase") != "Active");
  CHECK_FALSE(request.binding().has_value());
  CHECK_FALSE(scene.can_list_pods(scene.alice));
}

}  // namespace

TEST_CASE("nothing is granted while an admission policy is missing or weakened", "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(one_of_sre());
  const Request waiting(scene, policy, "duration: 10m", std::nullopt, "waiting");
  const Request revoked(scene, policy, "duration: 10m", std::nullopt, "revoked");
  const Request expiring(scene, policy, "duration: 8s", std::nullopt, "expiring");
  waiting.await("Pending");
  for (const Request* request : {&revoked, &expiring}) {
    request->approve(scene.bob);
    request->await("Active");
  }
  CHECK(controller.get("/readyz").status == 200);

  const bool is_missing = GENERATE(true, false);
  DYNAMIC_SECTION((is_missing ? "missing" : "weakened")) {
    if (is_missing)
      guard.remove("curfew-writes");
    else
      guard.weaken("curfew-identity");
    const std::string named = is_missing ? "ValidatingAdmissionPolicy/curfew-writes is missing"
                                         : "ValidatingAdmissionPolicyBinding/curfew-identity is not what";
    CHECK(readyz_says(controller, 503, named));
    CHECK(controller.get("/metrics").body.find("curfew_guard_in_force 0") != std::string::npos);

    const Request asked(scene, scene.space.policy(automatic()), "duration: 10m", std::nullopt, "asked");
    asked.await_reason("Granted", "GuardNotInForce");
    CHECK(asked.text("phase") == "Pending");
    CHECK_THAT(asked.text("message"), ContainsSubstring(named));
    CHECK_FALSE(asked.binding().has_value());

    waiting.await_reason("Granted", "GuardNotInForce");  // reported before an approval is made in vain
    waiting.approve(scene.bob);
    REQUIRE_THAT(revoked.say(scene.alice, "revoke", "done"), Succeeds());
    revoked.await_no_binding();
    revoked.await("Revoked");
    sleep_until(expiring.time("expiresAt") + milliseconds(50));
    check_not_granted(scene, waiting);
    expiring.await("Expired");
    CHECK(expiring.recorded().back() == "Expired");

    guard.install();
    CHECK(readyz_says(controller, 200, ""));
    for (const Request* request : {&asked, &waiting}) {
      request->await("Rejected", seconds(10));
      CHECK(request->condition("Granted")["reason"] == "GuardNotInForce");
      CHECK_THAT(request->text("message"), ContainsSubstring("ask again"));
      check_not_granted(scene, *request);
    }
    const Request later(scene, policy, "duration: 10m", std::nullopt, "later");
    later.approve(scene.bob);
    later.await("Active");
  }
  controller.stop();
}

TEST_CASE("a decision that was forged while the guard was away never counts", "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  Controller controller(scene.cluster);
  controller.start_leading();
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 10m");
  const Request sly(scene, scene.space.policy(one_of_sre()), "duration: 10m", std::nullopt, "sly");
  for (const Request* each : {&request, &sly}) each->await("Pending");
  const bool watched = GENERATE(true, false);
  DYNAMIC_SECTION((watched ? "before Curfew's eyes" : "while Curfew was down")) {
    if (!watched) CHECK(controller.stop() == 0);
    guard.lift();
    if (watched) CHECK(readyz_says(controller, 503, "is missing"));
    forge_approval(scene, request);
    if (watched) check_not_granted(scene, request);
    if (watched) forge_unseen(scene, guard, sly);
    guard.install();
    if (!watched) {
      sleep_until(now() + seconds(2));
      controller.start_leading();
    }
    CHECK(readyz_says(controller, 200, ""));
    request.await("Rejected", seconds(10));  // once the guard counts again
    if (watched) sly.await("Rejected");
    CHECK(request.condition("Granted")["reason"] == "GuardNotInForce");
    check_not_granted(scene, request);

    const Request honest(scene, scene.space.policy(one_of_sre()), "duration: 10m", std::nullopt, "honest");
    honest.approve(scene.bob);
    honest.await("Active");
  }
  controller.stop();
}

TEST_CASE(
    "a request that was made in somebody else's name while the guard was away never counts, also after a restart",
    "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic());
  const auto forge = [&](const std::string& name) {
    once_unguarded(scene.dave, {"create", "-f", "-"},
                   scene.space.request(
                       name, "{policy: " + policy + ", requester: {username: alice, groups: [developers]}}"));
  };
  const auto await_phase = [&](const std::string& name, const std::string& phase, const std::string& part) {
    const auto status = [&] {
      return scene.admin.get(scene.space.target(name)).value("status", Json::object());
    };
    CHECK(eventually(seconds(10), [&] { return status().value("phase", "") == phase; }));
    CHECK_THAT(status().value("message", ""), ContainsSubstring(part));
    CHECK_FALSE(scene.can_list_pods(scene.alice));
  };
  guard.lift();
  CHECK(readyz_says(controller, 503, "is missing"));
  forge("watched");
  await_phase("watched", "Pending", "is missing");
  CHECK(controller.stop() == 0);
  forge("unwatched");
  guard.install();
  sleep_until(now() + seconds(2));
  controller.start_leading();
  for (const char* name : {"watched", "unwatched"}) await_phase(name, "Rejected", "ask again");
  controller.stop();
}

TEST_CASE("a restart alone makes nobody ask again", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 10m");
  request.await("Pending");
  CHECK(controller.stop() == 0);
  request.approve(scene.bob);
  controller.start_leading();
  request.await("Active", seconds(5));
  controller.stop();
}
