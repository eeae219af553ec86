#include <algorithm>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>

#include "controller.hpp"
#include "lifecycle.hpp"

// Stopping; and two replicas: one leads, either can end access.
using namespace curfew::test;

namespace {

std::string lease_holder(const Scene& scene) {
  return scene.admin.get({"lease", "curfew", "-n", "curfew-system"})["spec"].value("holderIdentity", "");
}

struct Two {
  Scene scene;
  std::string policy = scene.space.policy(one_of_sre());
  Controller leader{scene.cluster};
  Controller other{scene.cluster};

  Two() {
    leader.start_leading();
    other.start();
    REQUIRE(eventually(seconds(5), [&] { return other.get("/readyz").status == 200; }));
    REQUIRE_FALSE(other.leads());
  }
  ~Two() {
    leader.resume();
    leader.stop();
    other.stop();
  }

  Request active(const std::string& duration, const std::string& name = "ask") const {
    Request request(scene, policy, "duration: " + duration, std::nullopt, name);
    request.approve(scene.bob);
    request.await("Active");
    return request;
  }
};

}  // namespace

TEST_CASE("a controller that is told to stop gives the lease back and ends in time", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  CHECK_FALSE(lease_holder(scene).empty());
  const auto told = now();
  CHECK(controller.stop() == 0);
  const auto took = std::chrono::duration_cast<milliseconds>(now() - told);
  WARN("stopped in " << took.count() << " ms");
  CHECK(took < seconds(5));
  CHECK(lease_holder(scene).empty());
  CHECK(controller.has_said("stopped"));
}

TEST_CASE("a controller stops in time also while its API server does not answer", "[replica][disruptive]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const Json state = Json::parse(run({"cat", (scene.cluster.state() / "controlplane.json").string()}).out);
  const pid_t server = state["processes"]["kube-apiserver"][0].get<pid_t>();
  ::kill(server, SIGSTOP);
  const auto told = now();
  const auto code = controller.stop();
  const auto took = now() - told;
  ::kill(server, SIGCONT);
  CHECK(code == 0);
  CHECK(took < seconds(5));
}

TEST_CASE("another replica takes over within two seconds of a clean stop", "[replica]") {
  Two two;
  const Scene& scene = two.scene;
  const Request request = two.active("30m");
  CHECK(two.leader.stop() == 0);
  const auto stopped = now();
  CHECK(eventually(seconds(5), [&] { return two.other.leads(); }));
  const auto took = std::chrono::duration_cast<milliseconds>(now() - stopped);
  WARN("took over " << took.count() << " ms after the other had ended");
  CHECK(took < seconds(2));
  REQUIRE_THAT(request.say(scene.alice, "revoke", "done"), Succeeds());
  request.await("Revoked");
}

TEST_CASE("two replicas do everything once", "[replica]") {
  const Two two;
  const Request request = two.active("3s");
  request.await("Expired", seconds(6));
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted", "Expired"});
  int creations = 0;
  for (const Json& call : calls_of_curfew(two.scene.cluster, now() - seconds(30))) {
    const Json& object = call["objectRef"];
    if (call["verb"] == "create" && object.value("resource", "") == "rolebindings" &&
        object.value("namespace", "") == two.scene.space.name())
      ++creations;
  }
  CHECK(creations == 1);
  CHECK(eventually(seconds(3), [&] { return request.events().size() >= 2; }));
  CHECK(request.events().size() == 2);
}

TEST_CASE("when the leader hangs or dies just before an end, the other replica ends the access",
          "[replica]") {
  Two two;
  const bool hangs = GENERATE(true, false);
  DYNAMIC_SECTION((hangs ? "hangs" : "dies")) {
    const Request request = two.active("5s");
    const auto expires_at = request.time("expiresAt");
    sleep_until(expires_at - milliseconds(1500));
    if (hangs)
      two.leader.pause();
    else
      two.leader.kill();
    REQUIRE(now() < expires_at - milliseconds(700));
    sleep_until(expires_at + seconds(3));
    CHECK_FALSE(two.scene.can_list_pods(two.scene.alice));
    curfew::TimePoint gone{};
    for (const Json& call : calls_of_curfew(two.scene.cluster, expires_at - seconds(1))) {
      if (call["verb"] == "delete" && call["objectRef"].value("name", "") == request.binding_name())
        gone = time_of(call["stageTimestamp"]);
    }
    REQUIRE(gone > curfew::TimePoint{});
    const auto late = std::chrono::duration_cast<milliseconds>(gone - expires_at);
    WARN("ended " << late.count() << " ms after its time");
    CHECK(late < milliseconds(2500));
    CHECK(late > milliseconds(1500));  // the follower waited for the leader first
    // The rest is done only when the lease has expired.
    request.await("Expired", seconds(25));
    CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted", "Expired"});
    if (!hangs) return;
    two.leader.resume();
    CHECK(eventually(seconds(5), [&] {
      return two.leader.has_said("stopped leading") ||
             two.leader.get("/metrics").body.find("curfew_leader 0") != std::string::npos;
    }));
    const Request next = two.active("30m", "next");
    CHECK(next.recorded() == Texts{"Requested", "Approved", "Granted"});
  }
}
