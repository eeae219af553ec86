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
    "create coordination.k8s.io/leases",            // the first start in a cluster
    "create /configmaps",                           // as above
    "get curfew.dev/auditrecords",                  // after AlreadyExists: is the record ours?
    "get rbac.authorization.k8s.io/rolebindings",   // as above, for the binding
    "get curfew.dev/accessrequests/status",         // for kubectl, used by a person who stands in for Curfew
    "get curfew.dev/accesspolicies/status",         // as above
    "get curfew.dev/clusteraccessrequests/status",  // as above
    "get rbac.authorization.k8s.io/clusterrolebindings",  // as for rolebindings
};

// Used only where there are ClusterAccessRequests.
const Rights kOfClusterWide{
    "delete curfew.dev/clusteraccessrequests",
    "get curfew.dev/clusteraccessrequests",
    "patch curfew.dev/clusteraccessrequests/status",
    "delete rbac.authorization.k8s.io/clusterrolebindings",
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

// Cluster-wide access while Curfew may grant it, once in each way.
class ClusterWide {
 public:
  explicit ClusterWide(const Scene& scene) : scene_(scene) {
    const std::string manifests = CURFEW_SOURCE_DIR "/manifests/";
    files_ = {"-f", manifests + "components/cluster-wide/rbac.yaml", "-f",
              manifests + "samples/grantable-cluster-wide-view.yaml"};
    REQUIRE_THAT(kubectl("apply", files_), Succeeds());
    REQUIRE_THAT(scene_.admin.apply(
                     "{apiVersion: curfew.dev/v1alpha1, kind: AccessPolicy, metadata: {name: " + policy_ +
                     "}, spec: {scope: Cluster, requesters: [{kind: Group, name: developers}], roles: "
                     "[{kind: ClusterRole, name: view}], duration: {default: 10m, max: 1h}, approval: "
                     "{required: 1, approvers: [{kind: Group, name: sre}]}}}"),
                 Succeeds());
    scene_.await_policy(policy_, "Ready", "Ready", seconds(10));
  }
  ~ClusterWide() {
    kubectl("delete", {"accesspolicy", policy_});
    files_.insert(files_.begin(), "--ignore-not-found");
    kubectl("delete", files_);
  }
  ClusterWide(const ClusterWide&) = delete;
  ClusterWide& operator=(const ClusterWide&) = delete;

  void do_everything() {
    const std::string expires = granted("expires", "5m");
    scene_.change(policy_, {{"duration", {{"default", "3s"}, {"max", "3s"}}}});  // shortens the grant
    await(expires, "Expired");
    CHECK(eventually(seconds(8), [&] { return !kubectl("get", {"clusteraccessrequest", expires}).ok(); }));
    const std::string deleted = granted("deleted", "3s");
    REQUIRE_THAT(kubectl("delete", {"clusteraccessrequest", deleted}), Succeeds());
    CHECK(eventually(seconds(8), [&] {
      return kubectl("get", {"clusterrolebindings", "-l", "curfew.dev/request-uid", "-o", "name"})
          .out.empty();
    }));
    CHECK(eventually(seconds(8), [&] {
      return kubectl("get", {"auditrecords", "--field-selector",
                             "request.name=" + deleted + ",action=Revoked", "-o", "name"})
                 .out.find("-ended") != std::string::npos;
    }));
  }

 private:
  ProcessResult kubectl(const std::string& verb, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), verb);
    return scene_.admin.kubectl(arguments);
  }
  void await(const std::string& name, const std::string& phase) const {
    const ProcessResult came = kubectl(
        "wait", {"clusteraccessrequest", name, "--for=jsonpath={.status.phase}=" + phase, "--timeout=10s"});
    REQUIRE_THAT(came, Succeeds());
  }
  std::string granted(const std::string& prefix, const std::string& duration) const {
    const std::string name = unique(prefix);
    REQUIRE_THAT(
        scene_.alice.apply("{apiVersion: curfew.dev/v1alpha1, kind: ClusterAccessRequest, metadata: {name: " +
                           name + "}, spec: {policy: " + policy_ + ", duration: " + duration + "}}"),
        Succeeds());
    await(name, "Pending");
    REQUIRE_THAT(scene_.bob.kubectl({"annotate", "clusteraccessrequest", name, "curfew.dev/approve=ok"}),
                 Succeeds());
    await(name, "Active");
    return name;
  }

  const Scene& scene_;
  const std::string policy_ = unique("wide");
  Texts files_;
};

// Compares what Curfew did since then with what those roles allow. `spared`: need not be used.
void compare(const Scene& scene, curfew::TimePoint since, Rights shipped, const Rights& spared) {
  Rights used;
  Rights refused;
  for (const Json& call : calls_of_curfew(scene.cluster, since)) {
    if (!call.contains("objectRef")) continue;
    used.insert(right_for(call));
    if (call["responseStatus"].value("code", 0) == 403) refused.insert(right_for(call));
  }
  shipped.merge(rights_of(scene.admin.get({"clusterrole", "curfew-controller"})));
  shipped.merge(rights_of(scene.admin.get({"role", "curfew-controller", "-n", "curfew-system"})));
  CHECK(refused == Rights{});
  Rights unused = shipped;
  for (const Rights& rights : {used, kSeldomUsed, spared})
    for (const std::string& right : rights) unused.erase(right);
  CHECK(unused == Rights{});
  Rights beyond = used;
  for (const Rights& rights : {shipped, kOfEverybody})
    for (const std::string& right : rights) beyond.erase(right);
  CHECK(beyond == Rights{});  // allowed by something other than the shipped roles
}

}  // namespace

TEST_CASE("every right that Curfew ships with is used, and none is missing", "[replica]") {
  const Scene scene;
  const auto since = now();
  Controller controller(scene.cluster, {"--completed-request-ttl", "2s"});
  controller.start_leading();
  do_everything(scene);
  controller.stop();
  compare(scene, since, {}, kOfClusterWide);
}

TEST_CASE("every right is used, and none is missing, where Curfew grants cluster-wide", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster, {"--completed-request-ttl", "2s"});
  controller.start_leading();
  ClusterWide wide(scene);
  const auto since = now();
  controller.stop();
  Controller again(scene.cluster, {"--completed-request-ttl", "2s"});
  again.start_leading();
  do_everything(scene);
  wide.do_everything();
  again.stop();
  compare(scene, since, rights_of(scene.admin.get({"clusterrole", "curfew-cluster-wide"})), {});
}
