#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// A request, its approval and its grant refer to what the role allowed at that time.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// Lets Curfew bind one role, and waits until the right is effective.
struct Grantable {
  const Scene& scene;
  std::string name;

  Grantable(const Scene& in, const std::string& resource, std::string role)
      : scene(in), name("grantable-" + role) {
    const Json rule{{"apiGroups", {"rbac.authorization.k8s.io"}},
                    {"resources", {resource}},
                    {"resourceNames", {role}},
                    {"verbs", {"bind"}}};
    const Json cluster_role{{"apiVersion", "rbac.authorization.k8s.io/v1"},
                            {"kind", "ClusterRole"},
                            {"metadata", {{"name", name}, {"labels", {{"curfew.dev/grantable", "true"}}}}},
                            {"rules", Json::array({rule})}};
    REQUIRE_THAT(scene.admin.apply(cluster_role.dump()), Succeeds());
    const Person curfew = scene.cluster.curfew();
    REQUIRE(eventually(seconds(10), [&] {
      return curfew.can({"bind", resource + ".rbac.authorization.k8s.io/" + role, "-n", scene.space.name()});
    }));
  }
  ~Grantable() { scene.admin.kubectl({"delete", "clusterrole", name}); }
  Grantable(const Grantable&) = delete;
  Grantable& operator=(const Grantable&) = delete;
};

// A Role in the scene's namespace.
struct Debugger {
  Scene scene;
  std::string name = unique("debugger");
  Debugger() { make(); }
  Grantable grantable{scene, "roles", name};

  void make(const std::string& verb = "list") const {
    REQUIRE_THAT(scene.admin.kubectl(
                     {"create", "role", name, "-n", scene.space.name(), "--verb=" + verb, "--resource=pods"}),
                 Succeeds());
  }
  void remove() const {
    REQUIRE_THAT(scene.admin.kubectl({"delete", "role", name, "-n", scene.space.name()}), Succeeds());
  }
  // The order of rules, and of the values in a rule, has no meaning.
  void set_verbs(const Json& verbs) const {
    const Json rules{
        {"rules", Json::array({{{"apiGroups", {""}}, {"resources", {"pods"}}, {"verbs", verbs}}})}};
    REQUIRE_THAT(scene.admin.kubectl({"patch", "role", name, "-n", scene.space.name(), "--type", "merge",
                                      "--patch", rules.dump()}),
                 Succeeds());
  }
  std::string policy(const std::string& more = "") const {
    return scene.space.policy(
        one_of_sre("roles: [{kind: Role, name: " + name + "}]" + (more.empty() ? "" : ", " + more)));
  }
  Request active(const std::string& policy_name, const std::string& request_name = "ask") const {
    Request request(scene, policy_name, "duration: 30m", std::nullopt, request_name);
    request.approve(scene.bob);
    request.await("Active");
    return request;
  }
};

void check_revoked_for(const Scene& scene, const Request& request, curfew::TimePoint before,
                       const Texts& reasons, const std::string& sentence) {
  request.await_no_binding(seconds(3));
  request.await("Revoked", seconds(3));
  const auto deleted = call_of_curfew(scene.cluster, "delete", request.binding_name(), before);
  REQUIRE(deleted.has_value());
  const auto took = std::chrono::duration_cast<milliseconds>(*deleted - before);
  const std::string reason = request.condition("Granted")["reason"];
  WARN(reason << ": revoked " << took.count() << " ms after kubectl was started");
  CHECK(took < seconds(3));
  CHECK(std::ranges::count(reasons, reason) == 1);
  CHECK_THAT(request.text("message"), ContainsSubstring(sentence));
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
  CHECK_THAT(request.await_record("Revoked")["message"].get<std::string>(), ContainsSubstring(sentence));
  CHECK_THAT(request.await_event("Revoked")["note"].get<std::string>(), ContainsSubstring(sentence));
}

}  // namespace

TEST_CASE("access to a Role whose rules change is revoked, and what was asked for before is not granted",
          "[lifecycle][namespaced]") {
  const Debugger debugger;
  const Scene& scene = debugger.scene;
  const std::string policy = debugger.policy();
  const Request request = debugger.active(policy);
  const Request pending(scene, policy, "duration: 30m", std::nullopt, "pending");
  pending.await("Pending");
  REQUIRE(scene.can_list_pods(scene.alice));
  const auto before = now();
  debugger.set_verbs({"list", "delete"});
  const std::string sentence = "the rules of Role " + debugger.name + " in namespace " + scene.space.name() +
                               " have changed since it was asked for";
  check_revoked_for(scene, request, before, {"RoleChanged"}, sentence);
  pending.await("Rejected");
  CHECK(pending.condition("Granted")["reason"] == "RoleChanged");
  CHECK_THAT(pending.text("message"), ContainsSubstring(sentence));

  debugger.active(policy, "again");
  CHECK(scene.can_list_pods(scene.alice));
}

TEST_CASE("a Role that is made again is the same if it allows the same, and another if it does not",
          "[lifecycle][namespaced]") {
  const Debugger debugger;
  const Scene& scene = debugger.scene;
  const Request request = debugger.active(debugger.policy());
  debugger.remove();
  sleep_until(now() + seconds(1));
  debugger.make();
  sleep_until(now() + seconds(6));
  CHECK(request.text("phase") == "Active");
  CHECK(scene.can_list_pods(scene.alice));
  debugger.remove();
  const auto before = now();
  debugger.make("watch");
  check_revoked_for(scene, request, before, {"RoleChanged"}, "Role " + debugger.name);
}

TEST_CASE("under a policy that says Keep, access stays bound to a Role that changes, goes and comes back",
          "[lifecycle][namespaced]") {
  const Debugger debugger;
  const Scene& scene = debugger.scene;
  const Request request = debugger.active(debugger.policy("onChange: Keep"));
  const Json binding = request.binding().value();
  debugger.set_verbs({"get", "list"});
  sleep_until(now() + milliseconds(500));
  debugger.remove();
  sleep_until(now() + seconds(1));
  debugger.make();
  sleep_until(now() + milliseconds(500));
  CHECK(request.text("phase") == "Active");
  CHECK(request.binding() == binding);
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted"});
  CHECK(eventually(seconds(2), [&] { return scene.can_list_pods(scene.alice); }));
}

TEST_CASE("a change of an aggregated ClusterRole is reported, and access goes on",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string role = unique("curfew-test-aggregated");
  const std::string part = role + "-part";
  const auto write_part = [&](const std::string& verbs) {
    REQUIRE_THAT(scene.admin.apply(
                     "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: " +
                     part + ", labels: {" + role +
                     ": \"yes\"}}, rules: [{apiGroups: [\"\"], resources: [pods], verbs: " + verbs + "}]}"),
                 Succeeds());
  };
  const auto rules = [&] { return scene.admin.get({"clusterrole", role}).value("rules", Json()).dump(); };
  write_part("[list]");
  REQUIRE_THAT(
      scene.admin.apply(
          "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: " + role +
          "}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {" + role + ": \"yes\"}}]}, rules: []}"),
      Succeeds());
  REQUIRE(eventually(seconds(10), [&] { return rules().find("list") != std::string::npos; }));
  {
    const Grantable grantable(scene, "clusterroles", role);
    const Request request(scene,
                          scene.space.policy(automatic("roles: [{kind: ClusterRole, name: " + role + "}]")),
                          "duration: 30m");
    request.await("Active");
    CHECK(request.condition("RoleDrifted").is_null());
    write_part("[list, delete]");
    request.await_reason("RoleDrifted", "RoleChanged", seconds(5));
    CHECK(request.condition("RoleDrifted")["status"] == "True");
    CHECK_THAT(request.await_event("RoleChanged")["note"].get<std::string>(),
               ContainsSubstring(
                   "ClusterRole " + role +
                   ", which is aggregated from others, allows something else than when it was asked for"));
    CHECK(request.text("phase") == "Active");
    CHECK(request.binding().has_value());
    CHECK(scene.can_list_pods(scene.alice));
    CHECK(request.recorded() == Texts{"Requested", "Granted"});
  }
  scene.admin.kubectl({"delete", "clusterrole", role, part});
}
