#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "lifecycle.hpp"

// "curfew end-all", the last step before Curfew is removed.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

ProcessResult end_all(const Scene& scene, std::vector<std::string> flags = {"--vacancy", "2s"}) {
  std::vector<std::string> command{Controller::program(), "end-all", "--kubeconfig",
                                   scene.cluster.curfew().kubeconfig().string()};
  command.insert(command.end(), flags.begin(), flags.end());
  return run(command);
}

}  // namespace

TEST_CASE(
    "end-all ends all access although another replica leads, leaves what waits, and nobody grants for a while after it",
    "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string by_sre = scene.space.policy(one_of_sre());
  const std::string kept = scene.space.policy(automatic("duration: {default: 10m, max: 1h}, onChange: Keep"));
  const Request granted(scene, by_sre, "duration: 30m", std::nullopt, "granted");
  const Request second(scene, kept, "duration: 30m", std::nullopt, "second");
  const Request waiting(scene, by_sre, "duration: 30m", std::nullopt, "waiting");
  granted.approve(scene.bob);
  granted.await("Active");
  second.await("Active");
  waiting.await("Pending");

  const auto result = end_all(scene, {"--vacancy", "15s"});
  INFO(result.err);
  REQUIRE(result.ok());
  CHECK(result.out == "all access is ended, and nothing is granted for the next 15 s\n");
  for (const Request* request : {&granted, &second}) {
    CHECK_FALSE(request->binding());
    CHECK(request->text("phase") == "Revoked");
    CHECK(request->condition("Granted")["reason"] == "CurfewRemoved");
    CHECK(request->recorded().back() == "Revoked");
    CHECK(request->text("message") == "Curfew is being removed from this cluster, which ends all access");
  }
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  CHECK(waiting.text("phase") == "Pending");

  waiting.approve(scene.bob);
  CHECK(scene.admin.get({"lease", "curfew", "-n", "curfew-system"})["spec"]["holderIdentity"] ==
        "nobody: Curfew is being removed");
  sleep_until(now() + seconds(3));
  CHECK_FALSE(waiting.binding());
  CHECK(waiting.text("phase") == "Pending");

  waiting.await("Active", seconds(25));  // Curfew was not removed after all
  waiting.remove(scene.alice);
  waiting.await_no_binding();
  CHECK(controller.stop() == 0);
}

TEST_CASE("end-all ends what nobody is there to end, and says so where there is nothing", "[replica]") {
  const Scene scene;
  std::optional<Controller> controller(scene.cluster);
  controller->start_leading();
  const Request granted(scene, scene.space.policy(automatic()), "duration: 30m");
  granted.await("Active");
  controller->kill();
  CHECK(end_all(scene).ok());
  CHECK_FALSE(granted.binding());
  CHECK(granted.recorded() == Texts{"Requested", "Granted", "Revoked"});
  const auto again = end_all(scene);
  CHECK(again.ok());
  CHECK_THAT(again.out, ContainsSubstring("all access is ended"));
}

TEST_CASE("end-all that cannot end everything fails, and says what is left", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const Request granted(scene, scene.space.policy(automatic()), "duration: 30m");
  granted.await("Active");
  // The former leader may believe for longer than this that it leads.
  const auto result = end_all(scene, {"--timeout", "1s", "--vacancy", "2s"});
  CHECK(result.exit_code == 1);
  CHECK_THAT(
      result.err,
      ContainsSubstring(
          "curfew: not all access is ended after 1 s: the replica that held the Lease before may not have noticed yet"));
  CHECK(controller.stop() == 0);
}
