#include <algorithm>
#include <list>

#include "controller.hpp"
#include "faultproxy.hpp"
#include "lifecycle.hpp"
#include "lifted_guard.hpp"

// A binding that somebody forges for a request while Curfew writes that the request is over: by the time
// anybody looks, the request has left what the controller watches.
using namespace curfew::test;

namespace {

// The granted binding as it can be created again, its end far away.
Json forged(const Request& request, bool is_for_somebody_else) {
  Json binding = request.binding().value();
  for (const char* field : {"uid", "resourceVersion", "creationTimestamp", "managedFields"})
    binding["metadata"].erase(field);
  binding["metadata"]["annotations"]["curfew.dev/expires-at"] = "2099-01-01T00:00:00Z";
  if (is_for_somebody_else)
    binding["subjects"] = {{{"kind", "User"}, {"apiGroup", "rbac.authorization.k8s.io"}, {"name", "dave"}}};
  return binding;
}

}  // namespace

TEST_CASE("a binding that is forged while its request is being completed is gone at once",
          "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  const FaultProxy proxy(scene.cluster);
  Controller controller(scene.cluster, {}, {}, proxy.kubeconfig());
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic());
  std::list<Request> requests;
  std::vector<Json> bindings;
  for (const char* name : {"one", "two", "three", "four"}) {
    requests.emplace_back(scene, policy, "duration: 30m", std::nullopt, name);
    requests.back().await("Active", seconds(5));
    bindings.push_back(forged(requests.back(), bindings.size() % 2 == 1));
  }
  guard.remove("curfew-bindings");
  REQUIRE(eventually(seconds(10), [&] {
    Json probe = bindings.front();
    probe["metadata"]["name"] = "curfew-probe";
    return scene.admin.kubectl({"create", "--dry-run=server", "-f", "-"}, probe.dump()).ok();
  }));

  proxy.set({{"fault", "latency"}, {"ms", 3000}, {"method", "PATCH"}, {"path", "/status"}});
  for (const Request& request : requests)
    REQUIRE_THAT(request.say(scene.alice, "revoke", "done"), Succeeds());
  auto binding = bindings.begin();
  for (const Request& request : requests) {
    INFO(request.name());
    request.await_no_binding(seconds(10));
    once_unguarded(scene.admin, {"create", "-f", "-"}, (binding++)->dump());
  }
  for (const Request& request : requests) {
    INFO(request.name());
    request.await("Revoked", seconds(15));
    request.await_no_binding(seconds(2));
    CHECK(request.await_record("Tampered")["binding"]["name"] == request.binding_name());
    CHECK(std::ranges::count(request.recorded(), "Revoked") == 1);
  }
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  CHECK_FALSE(scene.can_list_pods(scene.dave));
  guard.settle();  // while it is watched: a start would not believe what was written before it
  controller.stop();
}
