#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <functional>

#include "controller.hpp"
#include "lifecycle.hpp"
#include "lifted_guard.hpp"

// What is written while the guard is missing, or before it existed, is not believed: no request, no policy,
// no revocation. And how the guard is restored.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// Waits until the guard counts for a running controller, which has saved that, so that the next test finds it
// in force.
void await_guard(const Controller& controller) {
  REQUIRE(eventually(seconds(15), [&] { return controller.get("/readyz").status == 200; }));
  sleep_until(now() + seconds(7));
}

// A revocation in carol's name, by someone else.
void forge_revocation(const Scene& scene, const Request& request) {
  Json decisions = request.stored().value("decisions", Json::array());
  decisions.push_back({{"verdict", "Revoke"},
                       {"username", "carol"},
                       {"groups", {"sre", "system:authenticated"}},
                       {"comment", "forged"}});
  once_unguarded(scene.alice,
                 scene.space.on("patch", request.name(),
                                {"--type", "merge", "--patch", Json{{"decisions", decisions}}.dump()}));
}

// As before the first installation of Curfew: no guard, and no ledger of one.
void remove_all_of_the_guard(const Scene& scene) {
  for (const char* kind : {"mutatingadmissionpolicybindings", "mutatingadmissionpolicies",
                           "validatingadmissionpolicybindings", "validatingadmissionpolicies"}) {
    REQUIRE_THAT(scene.admin.kubectl({"delete", kind, "-l", "app.kubernetes.io/name=curfew"}), Succeeds());
  }
  REQUIRE(eventually(seconds(10), [&] {
    return scene.admin
        .kubectl({"delete", "configmap", "curfew-guard", "-n", "curfew-system", "--ignore-not-found"})
        .ok();
  }));
}

}  // namespace

TEST_CASE("a first start ever believes no request and no policy that is older than the guard",
          "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  remove_all_of_the_guard(scene);
  // The guard's last objects are created at least a second after these.
  const std::string policy = scene.space.policy(automatic());
  once_unguarded(scene.dave, {"create", "-f", "-"},
                 scene.space.request("forged", "{policy: " + policy +
                                                   ", requester: {username: alice, groups: [developers]}}"));
  sleep_until(now() + seconds(2));
  guard.install();
  sleep_until(now() + seconds(2));
  const std::string later = scene.space.policy(automatic());

  Controller controller(scene.cluster);
  controller.start_leading();
  const auto status = [&] {
    return scene.admin.get(scene.space.target("forged")).value("status", Json::object());
  };
  REQUIRE(eventually(seconds(8), [&] { return status().value("phase", "") == "Rejected"; }));
  CHECK_THAT(status().value("message", ""), ContainsSubstring("ask again"));
  CHECK_FALSE(scene.can_list_pods(scene.alice));

  scene.await_policy(policy, "Ready", "GuardNotInForce");
  scene.await_policy(later, "Ready", "Ready");
  await_guard(controller);
  scene.change(policy, {{"description", "written again"}});
  scene.await_policy(policy, "Ready", "Ready");
  const Request honest(scene, policy, "duration: 10m", std::nullopt, "honest");
  honest.await("Active");
  controller.stop();
}

TEST_CASE(
    "a policy that was written while the guard was away is not believed, also after a restart, until it is written again",
    "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string honest = scene.space.policy(automatic());
  const std::string edited = scene.space.policy(automatic());
  scene.await_policy(honest, "Ready", "Ready");
  scene.await_policy(edited, "Ready", "Ready");
  sleep_until(now() + seconds(3));  // the ledger is saved at most once a second

  const bool watched = GENERATE(true, false);
  DYNAMIC_SECTION((watched ? "before Curfew's eyes" : "while Curfew was down")) {
    if (!watched) CHECK(controller.stop() == 0);
    REQUIRE_THAT(scene.admin.kubectl({"delete", "validatingadmissionpolicybinding", "curfew-policy-authors"}),
                 Succeeds());
    sleep_until(now() + seconds(1));
    const std::string forged =
        scene.space.policy(automatic("roles: [{kind: ClusterRole, name: edit}], duration: {max: 8760h}"));
    scene.change(edited, {{"duration", {{"max", "8760h"}}}});
    sleep_until(now() + seconds(1));
    guard.install();
    if (!watched) {
      sleep_until(now() + seconds(2));
      controller.start_leading();
    }
    await_guard(controller);
    for (const std::string& policy : {forged, edited}) {
      const Json ready = scene.await_policy(policy, "Ready", "GuardNotInForce");
      CHECK(ready["status"] == "False");
      CHECK_THAT(ready["message"].get<std::string>(),
                 ContainsSubstring("written while the guard was not in force"));
    }
    scene.await_policy(honest, "Ready", "Ready");
    const Request asked(scene, forged, "duration: 10m", std::nullopt, "asked");
    asked.await("Rejected", seconds(10));
    CHECK_THAT(asked.text("message"), ContainsSubstring("written while the guard was not in force"));
    CHECK_FALSE(asked.binding().has_value());

    CHECK(controller.stop() == 0);
    controller.start_leading();
    sleep_until(now() + seconds(1));
    CHECK(scene.policy_condition(forged, "Ready")["reason"] == "GuardNotInForce");
    scene.change(edited, {{"duration", {{"max", "1h"}}}});
    scene.await_policy(edited, "Ready", "Ready");
    const Request later(scene, edited, "duration: 10m", std::nullopt, "later");
    later.await("Active");
  }
  controller.stop();
}

TEST_CASE(
    "a revocation that was forged while the guard was away ends access in nobody's name, and an honest one in its author's",
    "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(one_of_sre());
  const Request forged(scene, policy, "duration: 10m", std::nullopt, "forged");
  const Request honest(scene, policy, "duration: 10m", std::nullopt, "honest");
  for (const Request* request : {&forged, &honest}) {
    request->await("Pending");
    request->approve(scene.bob);
    request->await("Active");
  }
  const bool watched = GENERATE(true, false);
  DYNAMIC_SECTION((watched ? "before Curfew's eyes" : "while Curfew was down")) {
    if (!watched) CHECK(controller.stop() == 0);
    guard.lift();
    forge_revocation(scene, forged);
    if (watched) forged.await("Revoked", seconds(5));
    guard.install();
    if (!watched) {
      sleep_until(now() + seconds(2));
      controller.start_leading();
    }
    forged.await("Revoked", seconds(5));
    CHECK(forged.condition("Granted")["reason"] == "GuardNotInForce");
    const Json record = forged.await_record("Revoked");
    CHECK_FALSE(record.contains("actor"));
    CHECK_FALSE(record.contains("comment"));
    CHECK_THAT(record["message"].get<std::string>(), ContainsSubstring("in the name of carol"));

    await_guard(controller);
    REQUIRE_THAT(honest.say(scene.carol, "revoke", "done"),
                 Succeeds());  // of a request that is older than the guard
    honest.await("Revoked");
    CHECK(honest.await_record("Revoked")["actor"]["username"] == "carol");
  }
  controller.stop();
}

TEST_CASE("whatever was done to the guard, the command that Curfew names puts it back",
          "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  Controller controller(scene.cluster);
  controller.start_leading();
  struct Damage {
    const char* name;
    std::vector<std::string> command;
  };
  const auto patch = [](const char* kind, const char* name, const char* what) {
    return std::vector<std::string>{"patch", kind, name, "--type=merge", std::string("--patch=") + what};
  };
  constexpr const char* kPolicy = "validatingadmissionpolicy";
  constexpr const char* kBinding = "validatingadmissionpolicybinding";
  const std::vector<Damage> all{
      {"a match condition added",
       patch(kPolicy, "curfew-bindings",
             R"({"spec": {"matchConditions": [{"name": "exempt", "expression": "false"}]}})")},
      {"a namespace selector",
       patch(kPolicy, "curfew-eligibility",
             R"({"spec": {"matchConstraints": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}})")},
      {"resources excluded",
       patch(
           kPolicy, "curfew-writes",
           R"({"spec": {"matchConstraints": {"excludeResourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]}}})")},
      {"only audited", patch(kBinding, "curfew-identity", R"({"spec": {"validationActions": ["Audit"]}})")},
      {"resources of a binding",
       patch(kBinding, "curfew-identity",
             R"({"spec": {"matchResources": {"objectSelector": {"matchLabels": {"a": "b"}}}}})")},
      {"a policy deleted", {"delete", kPolicy, "curfew-policy-authors"}},
      {"a binding deleted", {"delete", kBinding, "curfew-crds"}},
      {"a kind's status opened",
       {"patch", "crd", "accessrequests.curfew.dev", "--type=json",
        R"(--patch=[{"op": "remove", "path": "/spec/versions/0/subresources"}, {"op": "replace", "path": "/metadata/annotations/curfew.dev~1allow-change", "value": "x"}])"}},
      {"a kind's label taken away", {"label", "crd", "auditrecords.curfew.dev", "app.kubernetes.io/name-"}},
  };
  const auto damages = [&](const Damage& damage) {
    REQUIRE_THAT(scene.admin.kubectl(damage.command), Succeeds());
  };
  const auto in_force = [&] { return controller.get("/readyz").status == 200; };
  // Runs the commands in the message's brackets, as a kubectl user does in a checkout.
  const auto put_back = [&] {
    const std::string page = controller.get("/readyz").body;
    const auto begin = page.rfind("(kubectl ");
    REQUIRE(begin != std::string::npos);
    std::string commands = page.substr(begin + 1, page.find(')', begin) - begin - 1);
    for (auto at = commands.find(", then "); at != std::string::npos; at = commands.find(", then "))
      commands.replace(at, 7, " && ");
    INFO(commands);
    const std::string bin = scene.cluster.kubectl().parent_path().string();
    const std::string script = "cd " CURFEW_SOURCE_DIR " && export PATH=" + bin +
                               ":$PATH KUBECONFIG=" + scene.admin.kubeconfig().string() + " && " + commands;
    run({"bash", "-c", script}, {.input = {}, .environment = {}, .timeout = seconds(60)});
  };
  const auto is_damaged = [&] { return controller.get("/readyz").status == 503; };

  for (const Damage& damage : all) {
    INFO(damage.name);
    REQUIRE(in_force());
    damages(damage);
    REQUIRE(eventually(seconds(5), is_damaged));
    CHECK_THAT(controller.get("/readyz").body,
               ContainsSubstring("is not what this version of Curfew ships (spec.") ||
                   ContainsSubstring("is missing"));
    put_back();
    CHECK(eventually(seconds(5), in_force));
  }
  for (const Damage& damage : all) damages(damage);
  REQUIRE(eventually(seconds(5), is_damaged));
  for (std::size_t tries = 0; tries < all.size() && !in_force(); ++tries) {
    put_back();
    sleep_until(now() + milliseconds(500));
  }
  await_guard(controller);
  controller.stop();
}

TEST_CASE("nothing is granted while a kind is not what Curfew ships", "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  Controller controller(scene.cluster);
  controller.start_leading();
  const Request waiting(scene, scene.space.policy(one_of_sre()), "duration: 10m", std::nullopt, "waiting");
  waiting.await("Pending");
  REQUIRE_THAT(
      scene.admin.kubectl(
          {"patch", "crd", "auditrecords.curfew.dev", "--type=json",
           R"(--patch=[{"op": "remove", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/message"},
                                                {"op": "replace", "path": "/metadata/annotations/curfew.dev~1allow-change", "value": "x"}])"}),
      Succeeds());
  waiting.await_reason("Granted", "GuardNotInForce");
  CHECK_THAT(
      waiting.text("message"),
      ContainsSubstring(
          "CustomResourceDefinition/auditrecords.curfew.dev is not what this version of Curfew ships (spec.versions[0].schema.openAPIV3Schema.properties.message)"));
  waiting.approve(scene.bob);
  sleep_until(now() + seconds(1));
  CHECK_FALSE(waiting.binding().has_value());
  REQUIRE_THAT(scene.admin.kubectl({"apply", "-k", CURFEW_SOURCE_DIR "/crds"}), Succeeds());
  await_guard(controller);
  const Request later(scene, scene.space.policy(automatic()), "duration: 10m", std::nullopt, "later");
  later.await("Active");
  controller.stop();
}
