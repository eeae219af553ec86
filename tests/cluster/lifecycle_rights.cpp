#include <catch2/matchers/catch_matchers.hpp>
#include <set>

#include "controller.hpp"
#include "lifecycle.hpp"

// Least privilege, in both directions: everything that Curfew does is allowed, and it does everything that is
// allowed.
using namespace curfew::test;

namespace {

using Rights = std::set<std::string>;  // "verb group/resource"

Rights rights_of(const Json& role) {
  Rights rights;
  for (const Json& rule : role["rules"]) {
    for (const Json& group : rule["apiGroups"]) {
      for (const Json& resource : rule["resources"]) {
        for (const Json& verb : rule["verbs"])
          rights.insert(verb.get<std::string>() + " " + group.get<std::string>() + "/" +
                        resource.get<std::string>());
      }
    }
  }
  return rights;
}

std::string right_for(const Json& call) {
  const Json& object = call["objectRef"];
  const std::string subresource = object.value("subresource", "");
  return call["verb"].get<std::string>() + " " + object.value("apiGroup", "") + "/" +
         object.value("resource", "") + (subresource.empty() ? "" : "/" + subresource);
}

// Rights needed only at a first start or after a lost answer: other tests cover those.
const Rights kSeldomUsed{
    "create coordination.k8s.io/leases",           // the first start in a cluster
    "create /configmaps",                          // as above
    "get curfew.dev/auditrecords",                 // after AlreadyExists: is the record ours?
    "get rbac.authorization.k8s.io/rolebindings",  // as above, for the binding
    "get curfew.dev/accessrequests/status",        // for kubectl, used by a person who stands in for Curfew
    "get curfew.dev/accesspolicies/status",        // as above
};

// Allowed to everybody who is authenticated, by ClusterRole system:basic-user.
const Rights kOfEverybody{"create authorization.k8s.io/selfsubjectaccessreviews"};

// Makes Curfew do everything that it does, once.
void do_everything(const Scene& scene) {
  const std::string policy =
      scene.space.policy(one_of_sre("duration: {default: 10m, max: 1h}, limits: {cooldown: 1s}"));
  const Request expires(scene, policy, "duration: 5m", std::nullopt, "expires");
  expires.await("Pending", seconds(10));
  expires.approve(scene.bob);
  expires.await("Active");
  scene.change(policy, {{"duration", {{"default", "3s"}, {"max", "3s"}}}});  // shortens the grant
  expires.await("Expired", seconds(8));
  CHECK(eventually(
      seconds(8), [&] { return !scene.admin.kubectl(scene.space.on("get", "expires")).ok(); }));  // retention
  sleep_until(now() + seconds(2));
  const Request deleted(scene, policy, "duration: 3s", std::nullopt, "deleted");
  deleted.await("Pending", seconds(10));
  deleted.approve(scene.bob);
  deleted.await("Active");
  deleted.remove(scene.admin);
  deleted.await_no_binding();
  deleted.await_record("Revoked");
}

}  // namespace

TEST_CASE("every right that Curfew ships with is used, and none is missing", "[replica]") {
  const Scene scene;
  const auto since = now();
  Controller controller(scene.cluster, {"--completed-request-ttl", "2s"});
  controller.start_leading();
  do_everything(scene);
  controller.stop();

  Rights used;
  Rights refused;
  for (const Json& call : calls_of_curfew(scene.cluster, since)) {
    if (!call.contains("objectRef")) continue;
    used.insert(right_for(call));
    if (call["responseStatus"].value("code", 0) == 403) refused.insert(right_for(call));
  }
  Rights shipped = rights_of(scene.admin.get({"clusterrole", "curfew-controller"}));
  shipped.merge(rights_of(scene.admin.get({"role", "curfew-controller", "-n", "curfew-system"})));

  CHECK(refused == Rights{});
  Rights unused = shipped;
  for (const std::string& right : used) unused.erase(right);
  for (const std::string& right : kSeldomUsed) unused.erase(right);
  CHECK(unused == Rights{});
  Rights beyond = used;
  for (const std::string& right : shipped) beyond.erase(right);
  for (const std::string& right : kOfEverybody) beyond.erase(right);
  CHECK(beyond == Rights{});  // allowed by something other than the shipped roles
}
