#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>

#include "lifecycle.hpp"

// When the binding cannot be created.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// A RoleBinding of another owner that has the name of this request's grant.
Json foreign_binding(const Scene& scene, const Request& request) {
  return {
      {"apiVersion", "rbac.authorization.k8s.io/v1"},
      {"kind", "RoleBinding"},
      {"metadata", {{"name", request.binding_name()}, {"namespace", scene.space.name()}}},
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "view"}}},
      {"subjects",
       Json::array({{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "mallory"}}})}};
}

std::string base64(const std::string& text) {
  const ProcessResult encoded =
      run({"base64", "-w0"}, {.input = text, .environment = {}, .timeout = seconds(10)});
  REQUIRE_THAT(encoded, Succeeds());
  return encoded.out;
}

// Bypasses the API server and all its admission policies, as a restored backup may.
void put_into_etcd(const Cluster& cluster, const std::string& key, const Json& object) {
  std::ifstream file(cluster.state() / "controlplane.json");
  const int port = Json::parse(file)["ports"]["etcd"].get<int>();
  const Json put{{"key", base64(key)}, {"value", base64(object.dump())}};
  REQUIRE_THAT(run({"curl", "--silent", "--show-error", "--fail", "--data", put.dump(),
                    "http://127.0.0.1:" + std::to_string(port) + "/v3/kv/put"}),
               Succeeds());
}

}  // namespace

TEST_CASE("a role that Curfew may not bind is said so in the API server's words, and granted once it may",
          "[lifecycle][slow][namespaced]") {
  const Scene scene;
  const std::string role = unique("reader");
  REQUIRE_THAT(scene.admin.kubectl({"create", "clusterrole", role, "--verb=list", "--resource=pods"}),
               Succeeds());
  const Request request(scene,
                        scene.space.policy(automatic("roles: [{kind: ClusterRole, name: " + role + "}]")),
                        "duration: 30m");
  request.await_reason("Granted", "BindingForbidden", seconds(4));
  CHECK(request.text("phase") == "Pending");
  const std::string message = request.condition("Granted")["message"].get<std::string>();
  CHECK_THAT(message, ContainsSubstring("rolebindings.rbac.authorization.k8s.io") &&
                          ContainsSubstring("forbidden") && ContainsSubstring("curfew.dev/grantable"));
  CHECK(request.condition("Granted")["status"] == "False");
  CHECK(request.condition("Approved")["status"] == "True");
  CHECK_FALSE(request.binding().has_value());
  CHECK(request.status().value("grantedAt", "") == "");
  CHECK(request.status().value("expiresAt", "") == "");

  REQUIRE_THAT(
      scene.admin.apply(
          "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: grantable-" + role +
          ", labels: {curfew.dev/grantable: \"true\"}}\nrules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], "
          "resourceNames: [" +
          role + "], verbs: [bind]}]"),
      Succeeds());
  request.await("Active", seconds(75));
  CHECK(scene.can_list_pods(scene.alice));
  const Json binding = request.binding().value();
  CHECK(request.time("expiresAt") >= time_of(binding["metadata"]["creationTimestamp"]) + seconds(1799));
  const Json granted = request.await_record("Granted");
  CHECK(request.time("expiresAt") == time_of(granted["expiresAt"]));
  CHECK(granted["binding"]["uid"] == binding["metadata"]["uid"]);
  CHECK(request.recorded() == std::vector<std::string>{"Requested", "Failed", "Granted"});
  scene.admin.kubectl({"delete", "clusterrole", role, "grantable-" + role});
}

TEST_CASE("access that the API server refuses was never there, in no record and for no limit",
          "[lifecycle][slow]") {
  const Scene scene;
  const std::string role = unique("reader");
  REQUIRE_THAT(scene.admin.kubectl({"create", "clusterrole", role, "--verb=list", "--resource=pods"}),
               Succeeds());
  const std::string policy = scene.space.policy(automatic(
      "roles: [{kind: ClusterRole, name: " + role + "}], limits: {activePerRequester: 1, cooldown: 1h}"));
  const Request deleted(scene, policy, "duration: 10m", std::nullopt, "deleted");
  const Request refused(scene, policy, "duration: 3s", std::nullopt, "refused");
  deleted.await_reason("Granted", "BindingForbidden", seconds(4));
  refused.await("Rejected", seconds(10));
  CHECK_THAT(refused.text("message"), ContainsSubstring("not granted within 3s: "));
  CHECK(refused.recorded() == std::vector<std::string>{"Requested", "Failed", "Rejected"});
  REQUIRE_THAT(scene.alice.kubectl(scene.space.on("delete", deleted.name())), Succeeds());
  const Json withdrawn = deleted.await_record("Withdrawn");
  CHECK_THAT(withdrawn["message"].get<std::string>(), ContainsSubstring("before anything was granted"));
  for (const std::string action : {"Requested", "Withdrawn"}) {
    CHECK_FALSE(deleted.await_record(action).contains("grantedAt"));
    CHECK_FALSE(deleted.await_record(action).contains("expiresAt"));
  }
  const Request next(scene, policy, "duration: 10m", std::nullopt, "next");
  next.await_reason("Granted", "BindingForbidden", seconds(4));
  scene.admin.kubectl({"delete", "clusterrole", role});
}

TEST_CASE("a quota that refuses the binding is named, without advice about the role",
          "[lifecycle][namespaced]") {
  const Scene scene;
  REQUIRE_THAT(scene.admin.kubectl({"create", "quota", "no-bindings", "-n", scene.space.name(),
                                    "--hard=count/rolebindings.rbac.authorization.k8s.io=0"}),
               Succeeds());
  const auto is_counted = [&] {
    return scene.admin.get({"resourcequota", "no-bindings", "-n", scene.space.name()})["status"].contains(
        "used");
  };
  REQUIRE(eventually(seconds(10), is_counted));
  const Request request(scene, scene.space.policy(automatic()), "duration: 30m");
  request.await_reason("Granted", "BindingForbidden", seconds(20));
  const std::string message = request.condition("Granted")["message"].get<std::string>();
  CHECK_THAT(message, ContainsSubstring("exceeded quota: no-bindings") && !ContainsSubstring("grantable"));
}

TEST_CASE(
    "somebody else's binding of the grant's name and label is not taken for the grant: it is deleted and recorded",
    "[lifecycle]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 10m");
  request.await("Pending");
  Json foreign = foreign_binding(scene, request);
  foreign["metadata"]["uid"] = "5a0e0000-0000-4000-8000-000000000002";
  foreign["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z";
  foreign["metadata"]["labels"] = {{"curfew.dev/request-uid", request.uid()}};
  foreign["metadata"]["annotations"] = {{"curfew.dev/expires-at", "2099-01-01T00:00:00Z"}};
  put_into_etcd(scene.cluster, "/registry/rolebindings/" + scene.space.name() + "/" + request.binding_name(),
                foreign);
  request.await_record("Tampered", seconds(5));
  request.await_no_binding(seconds(5));
  CHECK(request.text("phase") == "Pending");
  request.approve(scene.bob);
  request.await("Active", seconds(5));
  CHECK(request.binding().value()["subjects"][0]["name"] == "alice");
  CHECK(scene.can_list_pods(scene.alice));
}

TEST_CASE(
    "somebody else's binding that has the grant's name without its label keeps the grant back until it is deleted",
    "[lifecycle][slow][namespaced]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 30m");
  request.await("Pending");
  Json foreign = foreign_binding(scene, request);
  foreign["metadata"]["uid"] = "5a0e0000-0000-4000-8000-000000000001";
  foreign["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z";
  put_into_etcd(scene.cluster, "/registry/rolebindings/" + scene.space.name() + "/" + request.binding_name(),
                foreign);
  REQUIRE(eventually(seconds(5), [&] { return request.binding().has_value(); }));

  request.approve(scene.bob);
  request.await_reason("Granted", "BindingNameTaken", seconds(4));
  CHECK(request.condition("Granted")["status"] == "False");
  CHECK(request.condition("Approved")["status"] == "True");
  CHECK(request.text("phase") == "Pending");
  CHECK_THAT(request.condition("Granted")["message"].get<std::string>(),
             ContainsSubstring(request.binding_name()) && ContainsSubstring("delete it"));
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  CHECK(request.binding().value()["subjects"] == foreign["subjects"]);  // left for an admin to inspect

  REQUIRE_THAT(scene.admin.kubectl(scene.space.on_binding("delete", request.binding_name())), Succeeds());
  // It has no label, so the watch does not report its deletion: the next attempt is after a minute.
  request.await("Active", seconds(75));
  CHECK(scene.can_list_pods(scene.alice));
  CHECK(request.binding().value()["subjects"][0]["name"] == "alice");
  CHECK(request.recorded() == std::vector<std::string>{"Requested", "Approved", "Failed", "Granted"});
}
