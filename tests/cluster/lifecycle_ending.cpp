#include <algorithm>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// All the ways in which a request, or its access, ends early. Each takes effect within two seconds.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Granted {
  Scene scene;
  Request request{scene, scene.space.policy(one_of_sre()), "duration: 30m, reason: INC-1"};

  Granted() {
    request.approve(scene.bob);
    request.await("Active");
    REQUIRE(scene.can_list_pods(scene.alice));
  }
};

}  // namespace

TEST_CASE("a denied request says who denied it and why, and gives nothing", "[lifecycle]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "reason: INC-1");
  request.await("Pending");
  REQUIRE_THAT(request.say(scene.bob, "deny", "ask the owners first"), Succeeds());
  request.await("Denied");

  CHECK_THAT(request.text("message"), ContainsSubstring("bob denied: ask the owners first"));
  CHECK(request.status()["complete"] == true);
  CHECK(request.condition("Granted")["status"] == "False");
  CHECK(request.recorded() == Texts{"Requested", "Denied"});
  CHECK(request.records()[1]["actor"]["username"] == "bob");
  CHECK(request.records()[1]["comment"] == "ask the owners first");
  CHECK_THAT(request.say(scene.carol, "approve"), Refused("this request is over: Denied"));
  CHECK_FALSE(request.binding().has_value());
  CHECK_FALSE(scene.can_list_pods(scene.alice));
}

TEST_CASE("a request that lacks one approval of two is ended by one denial", "[lifecycle]") {
  const Scene scene;
  const Request request(
      scene, scene.space.policy(developers_may_view("{required: 2, approvers: [{kind: Group, name: sre}]}")),
      "reason: INC-1");
  request.approve(scene.bob);
  REQUIRE_THAT(request.say(scene.carol, "deny", "no"), Succeeds());
  request.await("Denied");
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Denied"});
}

TEST_CASE("the requester gives access back, and so may an approver take it", "[lifecycle]") {
  const Granted granted;
  const Scene& scene = granted.scene;
  const Request& request = granted.request;
  const bool by_alice = GENERATE(true, false);
  const Person& who = by_alice ? scene.alice : scene.carol;
  DYNAMIC_SECTION(who.name()) {
    const auto asked = now();
    REQUIRE_THAT(request.say(who, "revoke", "I'm done"), Succeeds());
    request.await_no_binding();
    CHECK_FALSE(scene.can_list_pods(scene.alice));
    request.await("Revoked");

    CHECK_THAT(request.text("message"), ContainsSubstring(who.name() + " revoked: I'm done"));
    CHECK(request.time("endedAt") >= asked - seconds(1));
    CHECK(request.condition("Granted")["status"] == "False");
    CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
    CHECK(request.records()[3]["actor"]["username"] == who.name());
    CHECK(request.records()[3]["comment"] == "I'm done");
  }
}

TEST_CASE("a stranger revokes nothing", "[lifecycle]") {
  const Granted granted;
  CHECK_THAT(granted.request.say(granted.scene.dave, "revoke"),
             Refused("dave is not an approver of AccessPolicy"));
  CHECK(granted.scene.can_list_pods(granted.scene.alice));
}

TEST_CASE("a revocation takes effect within two seconds, as seen by the API server", "[lifecycle]") {
  const Granted granted;
  const auto asked = now();
  REQUIRE_THAT(granted.request.say(granted.scene.alice, "revoke", "done"), Succeeds());
  granted.request.await_no_binding();
  curfew::TimePoint gone{};
  for (const Json& call : calls_of_curfew(granted.scene.cluster, asked - seconds(1))) {
    if (call["verb"] == "delete" && call["objectRef"].value("name", "") == granted.request.binding_name())
      gone = time_of(call["stageTimestamp"]);
  }
  REQUIRE(gone > asked);
  const auto took = std::chrono::duration_cast<milliseconds>(gone - asked);
  WARN("revoked " << took.count() << " ms after kubectl was started");
  CHECK(took < seconds(2));
}

TEST_CASE("the requester withdraws a pending request", "[lifecycle]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "reason: INC-1");
  request.await("Pending");
  REQUIRE_THAT(request.say(scene.alice, "revoke", "found another way"), Succeeds());
  request.await("Withdrawn");
  CHECK_THAT(request.text("message"), ContainsSubstring("alice") && ContainsSubstring("found another way"));
  CHECK(request.recorded() == Texts{"Requested", "Withdrawn"});
  CHECK_THAT(request.say(scene.bob, "approve"), Refused("this request is over: Withdrawn"));
}

TEST_CASE("deleting a pending request withdraws it", "[lifecycle]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "reason: INC-1");
  request.await("Pending");
  request.remove(scene.alice);
  const Json record = request.await_record("Withdrawn");
  CHECK_THAT(record["message"].get<std::string>(), ContainsSubstring("deleted"));
  CHECK(request.recorded() == Texts{"Requested", "Withdrawn"});
}

TEST_CASE("deleting an active request ends its access", "[lifecycle]") {
  const Granted granted;
  const auto asked = now();
  granted.request.remove(granted.scene.alice);
  granted.request.await_no_binding();
  CHECK_FALSE(granted.scene.can_list_pods(granted.scene.alice));
  const Json record = granted.request.await_record("Revoked");
  CHECK_THAT(record["message"].get<std::string>(), ContainsSubstring("deleted"));
  CHECK(time_of(record["time"]) < asked + seconds(4));
  CHECK(granted.request.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
}

TEST_CASE("deleting an active request and orphaning its binding ends its access, and nobody is blamed",
          "[lifecycle]") {
  const Granted granted;
  // The garbage collector removes the binding's owner reference, perhaps before Curfew sees the deletion.
  REQUIRE_THAT(granted.scene.alice.kubectl(
                   granted.scene.space.on("delete", "ask", {"--cascade=orphan", "--wait=false"})),
               Succeeds());
  granted.request.await_no_binding();
  CHECK_FALSE(granted.scene.can_list_pods(granted.scene.alice));
  granted.request.await_record("Revoked");
  CHECK(granted.request.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
}

TEST_CASE("a request made again under the same name is another request", "[lifecycle]") {
  const Granted granted;
  granted.request.remove(granted.scene.alice);
  const Request again(granted.scene, granted.scene.space.policy(one_of_sre()), "duration: 10m");
  again.await("Pending");
  CHECK(again.uid() != granted.request.uid());
  granted.request.await_no_binding();
  granted.request.await_record("Revoked");
  CHECK(again.recorded() == Texts{"Requested"});
  again.approve(granted.scene.bob);
  again.await("Active");
  CHECK(granted.scene.can_list_pods(granted.scene.alice));
}

TEST_CASE("a binding that somebody deletes stays away, and the request says so", "[lifecycle]") {
  const Granted granted;
  const Scene& scene = granted.scene;
  REQUIRE_THAT(scene.admin.kubectl(scene.space.on_binding("delete", granted.request.binding_name())),
               Succeeds());
  granted.request.await("Revoked");
  CHECK(granted.request.condition("Granted")["reason"] == "BindingRemoved");
  CHECK_FALSE(granted.request.binding().has_value());
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  CHECK(granted.request.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
}

TEST_CASE("a namespace with active access goes when it is deleted, and nobody is warned",
          "[lifecycle][namespaced]") {
  const Granted granted;
  const std::string& space = granted.scene.space.name();
  // Not at once, because the namespace controller pauses between its rounds.
  CHECK_THAT(granted.scene.admin.kubectl({"delete", "namespace", space, "--timeout=45s"}), Succeeds());
  CHECK(granted.scene.admin.kubectl({"get", "namespace", space, "--ignore-not-found"}).out.empty());
  granted.request.await_record("Revoked", seconds(5));
  CHECK(granted.request.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
  CHECK(warnings_about(granted.scene.cluster, space) == Texts{});
}

TEST_CASE("a request that a finalizer of others holds ends like any deleted one", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  const Request request(scene, policy, "duration: 30m, reason: INC-1");
  const auto finalizers = [&](const Json& names) {
    const Json patch{{"metadata", {{"finalizers", names}}}};
    return scene.alice.kubectl(scene.space.on("patch", "ask", {"--type", "merge", "--patch", patch.dump()}));
  };
  REQUIRE_THAT(finalizers({"example.com/hold"}), Succeeds());
  const bool is_active = GENERATE(true, false);
  DYNAMIC_SECTION((is_active ? "active" : "pending")) {
    if (is_active) {
      request.approve(scene.bob);
      request.await("Active");
    }
    request.remove(scene.alice);
    request.await_no_binding();
    request.await(is_active ? "Revoked" : "Withdrawn");
    CHECK_FALSE(scene.can_list_pods(scene.alice));
    CHECK_THAT(request.say(scene.carol, "approve"), Refused("over"));
    REQUIRE_THAT(finalizers(nullptr), Succeeds());
    CHECK(request.recorded().back() == (is_active ? "Revoked" : "Withdrawn"));
    CHECK(std::ranges::count(request.recorded(), request.recorded().back()) == 1);
  }
  finalizers(nullptr);
}

TEST_CASE("a binding that somebody tries to hold goes all the same", "[lifecycle]") {
  // The guard refuses a finalizer on the binding; foreground deletion would add one itself.
  const Granted granted;
  const Scene& scene = granted.scene;
  scene.admin.kubectl(scene.space.on_binding("delete", granted.request.binding_name(),
                                             {"--cascade=foreground", "--wait=false"}));
  granted.request.await_no_binding();
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  granted.request.await("Revoked");
}
