#include "controller.hpp"
#include "lifecycle.hpp"

// The CRDs are installed again, or deleted, while the controller runs.
using namespace curfew::test;

TEST_CASE(
    "kinds that are installed again change nothing, and kinds that were deleted are followed again when they are back",
    "[replica][disruptive]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const Request before(scene, scene.space.policy(automatic()), "duration: 30m", std::nullopt, "before");
  before.await("Active");
  const auto install = [&] { return scene.admin.kubectl({"apply", "-k", CURFEW_SOURCE_DIR "/crds"}); };
  REQUIRE_THAT(install(), Succeeds());
  sleep_until(now() + seconds(2));
  CHECK(before.text("phase") == "Active");
  CHECK(scene.can_list_pods(scene.alice));

  const std::string kinds[] = {"accessrequests.curfew.dev", "accesspolicies.curfew.dev"};
  for (const std::string& kind : kinds) {
    REQUIRE_THAT(scene.admin.kubectl({"annotate", "crd", kind, "curfew.dev/allow-delete=yes"}), Succeeds());
    REQUIRE_THAT(scene.admin.kubectl({"delete", "crd", kind, "--timeout=60s"}), Succeeds());
  }
  before.await_no_binding(seconds(5));
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  before.await_record("Revoked", seconds(5));
  const auto lines = controller.log().size();
  sleep_until(now() + seconds(3));
  CHECK(controller.log().size() <= lines + 4);  // not one line per attempt
  CHECK(controller.get("/healthz").status == 200);

  REQUIRE_THAT(install(), Succeeds());
  const auto back = now();
  REQUIRE(eventually(
      seconds(30), [&] { return scene.admin.kubectl({"get", "accesspolicies,accessrequests", "-A"}).ok(); }));
  REQUIRE(eventually(seconds(10), [&] { return controller.get("/readyz").status == 200; }));
  sleep_until(now() + seconds(7));  // recreated kinds count as a new guard
  const std::string policy = scene.space.policy(automatic());
  REQUIRE(eventually(seconds(30), [&] {
    return scene.alice
        .kubectl({"create", "--dry-run=server", "-f", "-"},
                 scene.space.request("after", "{policy: " + policy + "}"))
        .ok();
  }));
  const Request after(scene, policy, "duration: 30m", std::nullopt, "after");
  after.await("Active", seconds(20));
  WARN("granted again " << std::chrono::floor<milliseconds>(now() - back).count()
                        << " ms after the kinds were back");
  controller.stop();
}
