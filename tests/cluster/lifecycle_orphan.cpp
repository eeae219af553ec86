#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "faultproxy.hpp"
#include "held_lease.hpp"
#include "lifecycle.hpp"

// Ending access needs nothing but the bindings: no owner reference, which the garbage collector removes, no
// leader, and no other kind.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Granting {
  Scene scene;
  std::string policy = scene.space.policy(automatic());
  Controller controller{scene.cluster};

  Granting() { controller.start_leading(); }
  ~Granting() { controller.stop(); }

  Request active(const std::string& duration, const std::string& name = "ask") const {
    Request request(scene, policy, "duration: " + duration, std::nullopt, name);
    request.await("Active", seconds(5));
    return request;
  }
};

// The requester deletes the request but leaves its binding, from which the garbage collector then removes the
// owner reference.
void orphan(const Scene& scene, const Request& request) {
  REQUIRE_THAT(
      scene.alice.kubectl(scene.space.on("delete", request.name(), {"--cascade=orphan", "--timeout=60s"})),
      Succeeds());
  REQUIRE(request.binding().has_value());
  REQUIRE_FALSE(request.binding()->at("metadata").contains("ownerReferences"));
  REQUIRE(scene.can_list_pods(scene.alice));
}

curfew::TimePoint gone_at(const Scene& scene, const Request& request, curfew::TimePoint since) {
  const auto gone = call_of_curfew(scene.cluster, "delete", request.binding_name(), since);
  REQUIRE(gone.has_value());
  return *gone;
}

}  // namespace

TEST_CASE(
    "a binding whose request was orphaned while nobody led is ended at its end by a replica that never leads",
    "[replica]") {
  Granting granting;
  const Scene& scene = granting.scene;
  const Request request = granting.active("20s");
  const auto expires_at = request.time("expiresAt");
  CHECK(granting.controller.stop() == 0);
  const HeldLease held(scene);
  orphan(scene, request);
  granting.controller.start();
  CHECK(eventually(seconds(5), [&] { return granting.controller.get("/readyz").status == 200; }));
  REQUIRE(now() < expires_at);
  sleep_until(expires_at + milliseconds(100));
  CHECK_THAT(granting.controller.get("/metrics").body, ContainsSubstring("\ncurfew_bindings_past_end 1\n"));
  request.await_no_binding(seconds(4));
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  const auto late =
      std::chrono::floor<milliseconds>(gone_at(scene, request, expires_at - seconds(1)) - expires_at);
  WARN("ended " << late.count() << " ms after its end");
  CHECK(late < milliseconds(2500));
  CHECK_FALSE(granting.controller.leads());
  CHECK(eventually(seconds(2), [&] {
    return granting.controller.get("/metrics").body.find("\ncurfew_bindings_past_end 0\n") !=
           std::string::npos;
  }));
}

TEST_CASE("a binding whose request was orphaned is ended by each replica alone, and nobody is blamed",
          "[replica]") {
  Granting granting;
  const Scene& scene = granting.scene;
  const bool runs = GENERATE(true, false);
  DYNAMIC_SECTION((runs ? "while it runs" : "while no replica runs")) {
    const Request request = granting.active("10s");
    const auto expires_at = request.time("expiresAt");
    if (!runs) CHECK(granting.controller.stop() == 0);
    REQUIRE_THAT(
        scene.alice.kubectl(scene.space.on("delete", request.name(), {"--cascade=orphan", "--timeout=60s"})),
        Succeeds());
    if (!runs) granting.controller.start_leading();
    request.await_no_binding(seconds(10));
    CHECK(now() < expires_at + seconds(1));
    CHECK_FALSE(scene.can_list_pods(scene.alice));
    request.await_record("Revoked", seconds(5));
    CHECK(request.recorded() == Texts{"Requested", "Granted", "Revoked"});
  }
}

TEST_CASE(
    "access ends at its time while the API server serves nothing but RoleBindings, by a leader and by a follower",
    "[replica]") {
  Granting granting;
  const Scene& scene = granting.scene;
  const bool leads = GENERATE(true, false);
  DYNAMIC_SECTION((leads ? "a leader" : "a follower")) {
    const Request request = granting.active("14s");
    const Request kept = granting.active("30m", "kept");
    const auto expires_at = request.time("expiresAt");
    CHECK(granting.controller.stop() == 0);
    std::optional<HeldLease> held;
    if (!leads) held.emplace(scene);
    const FaultProxy proxy(scene.cluster);
    proxy.set({{"fault", "status"}, {"code", 500}, {"except", {"/rolebindings", "/leases"}}});
    Controller alone(scene.cluster, {}, {}, proxy.kubeconfig());
    alone.start();
    if (leads) CHECK(eventually(seconds(10), [&] { return alone.has_said("started leading"); }));
    REQUIRE(now() < expires_at - seconds(1));
    sleep_until(expires_at + milliseconds(leads ? 100 : 2500));
    CHECK_FALSE(request.binding().has_value());
    CHECK_FALSE(alone.leads());  // never ready, because nothing else could be read
    CHECK(kept.binding().has_value());
    const auto late =
        std::chrono::floor<milliseconds>(gone_at(scene, request, expires_at - seconds(12)) - expires_at);
    WARN("ended " << late.count() << " ms after its end");
    CHECK(late < milliseconds(leads ? 100 : 2500));
    alone.stop();
    held.reset();
  }
}
