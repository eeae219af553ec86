#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// A ClusterAccessRequest for several namespaces: a RoleBinding in each, all or none.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// alice's request for the scene's namespace and two others.
class Several {
 public:
  Scene scene;
  TestNamespace second{scene.cluster};
  TestNamespace third{scene.cluster};
  std::string name = scene.space.name() + "-several";
  std::string policy;

  explicit Several(const std::string& spec = one_of_sre()) : policy(scene.space.policy(spec)) {}
  ~Several() {
    scene.admin.kubectl({"annotate", "clusteraccessrequest", name, "curfew.dev/revoke=end of the test"});
    scene.admin.kubectl({"delete", "clusteraccessrequest", name, "--ignore-not-found"});
  }
  Several(const Several&) = delete;
  Several& operator=(const Several&) = delete;

  std::vector<std::string> places() const { return {scene.space.name(), second.name(), third.name()}; }
  std::string object(const std::string& more, std::vector<std::string> namespaces = {}) const {
    if (namespaces.empty()) namespaces = places();
    return "{apiVersion: curfew.dev/v1alpha1, kind: ClusterAccessRequest, metadata: {name: " + name +
           "}, spec: {policy: " + policy + ", namespaces: " + Json(namespaces).dump() + more + "}}";
  }
  void ask(const std::string& more) const { REQUIRE_THAT(scene.alice.apply(object(more)), Succeeds()); }
  ProcessResult say(const Person& who, const std::string& verb) const {
    return who.kubectl({"annotate", "clusteraccessrequest", name, "curfew.dev/" + verb + "=ok"});
  }
  Json stored() const { return scene.admin.get({"clusteraccessrequest", name}); }
  Json status() const { return stored().value("status", Json::object()); }
  void await(const std::string& phase, seconds patience = seconds(4)) const {
    const bool is_there = eventually(patience, [&] { return status().value("phase", "") == phase; });
    INFO(status().dump(1));
    REQUIRE(is_there);
  }
  void grant(const std::string& more = ", duration: 10m") const {
    ask(more);
    REQUIRE(eventually(seconds(4), [&] { return say(scene.bob, "approve").ok(); }));
    await("Active");
  }
  std::string binding() const { return "curfew-" + stored()["metadata"]["uid"].get<std::string>(); }
  int bindings() const {
    const Json list =
        scene.admin.get({"rolebindings", "-A", "-l",
                         "curfew.dev/request-uid=" + stored()["metadata"]["uid"].get<std::string>()});
    return static_cast<int>(list["items"].size());
  }
  bool can(const std::string& ns) const { return scene.alice.can({"list", "pods", "-n", ns}); }
  std::vector<Json> records() const {
    const Json list = scene.admin.get({"auditrecords", "--field-selector", "request.name=" + name});
    auto items = list["items"].get<std::vector<Json>>();
    std::ranges::sort(items, {}, [](const Json& record) { return record["time"].get<std::string>(); });
    return items;
  }
  Texts recorded() const {
    Texts actions;
    for (const Json& record : records()) actions.push_back(record["action"]);
    return actions;
  }
};

}  // namespace

TEST_CASE("one decision gives access in several namespaces, which ends in all of them on time",
          "[lifecycle][namespaced]") {
  const Several s;
  s.grant(", duration: 4s");
  for (const std::string& ns : s.places()) CHECK(s.can(ns));
  CHECK_FALSE(s.can("default"));
  CHECK(s.bindings() == 3);
  const Json granted = s.records().at(2);
  CHECK(granted["namespaces"] == Json(s.places()));
  CHECK_FALSE(granted["request"].contains("namespace"));
  CHECK_THAT(
      granted["message"].get<std::string>(),
      ContainsSubstring("in " + s.places()[0] + ", " + s.places()[1] + " and " + s.places()[2] + " until"));
  sleep_until(time_of(s.status()["expiresAt"]) + milliseconds(50));
  for (const std::string& ns : s.places()) CHECK_FALSE(s.can(ns));
  s.await("Expired");
  CHECK(s.recorded() == Texts{"Requested", "Approved", "Granted", "Expired"});
}

TEST_CASE("a binding that cannot be made takes back those in the other namespaces",
          "[lifecycle][namespaced]") {
  const Several s;
  REQUIRE_THAT(
      s.scene.admin.apply(
          "{apiVersion: v1, kind: ResourceQuota, metadata: {name: none, namespace: " + s.third.name() +
          "}, spec: {hard: {count/rolebindings.rbac.authorization.k8s.io: \"0\"}}}"),
      Succeeds());
  REQUIRE(eventually(seconds(10), [&] {
    return s.scene.admin.get({"resourcequota", "none", "-n", s.third.name()})["status"].contains("used");
  }));
  s.ask(", duration: 10m");
  REQUIRE(eventually(seconds(4), [&] { return s.say(s.scene.bob, "approve").ok(); }));
  REQUIRE(eventually(seconds(4), [&] {
    return s.status().value("message", "").find("exceeded quota: none") != std::string::npos;
  }));
  CHECK(eventually(seconds(2), [&] { return s.bindings() == 0; }));
  for (const std::string& ns : s.places()) CHECK_FALSE(s.can(ns));
  CHECK(s.status()["phase"] == "Pending");
  CHECK_FALSE(s.status().contains("grantedAt"));
  CHECK(s.recorded() == Texts{"Requested", "Approved", "Failed"});
}

TEST_CASE("a namespace that is deleted later ends its part of the access only", "[lifecycle][namespaced]") {
  const Several s;
  s.grant();
  REQUIRE_THAT(s.scene.admin.kubectl({"delete", "namespace", s.second.name()}), Succeeds());
  REQUIRE(eventually(seconds(10), [&] {
    return s.status().value("endedNamespaces", Json::array()) == Json{s.second.name()};
  }));
  CHECK(s.status()["phase"] == "Active");
  CHECK_THAT(
      s.status()["message"].get<std::string>(),
      ContainsSubstring("namespace " + s.second.name() + " was deleted, which ended the access there"));
  CHECK(s.can(s.places()[0]));
  CHECK(s.can(s.places()[2]));
  CHECK(s.recorded() == Texts{"Requested", "Approved", "Granted", "Narrowed"});
  REQUIRE_THAT(s.scene.admin.kubectl({"create", "namespace", s.second.name()}), Succeeds());
  sleep_until(now() + seconds(1));
  CHECK(s.status()["phase"] == "Active");
  CHECK(s.bindings() == 2);
  REQUIRE_THAT(s.say(s.scene.alice, "revoke"), Succeeds());
  s.await("Revoked");
  CHECK(s.bindings() == 0);
}

TEST_CASE("a binding that somebody removes ends the access in all namespaces", "[lifecycle][namespaced]") {
  const Several s;
  s.grant();
  REQUIRE_THAT(s.scene.admin.kubectl({"delete", "rolebinding", s.binding(), "-n", s.second.name()}),
               Succeeds());
  s.await("Revoked");
  CHECK(s.bindings() == 0);
  CHECK_THAT(s.status()["message"].get<std::string>(),
             ContainsSubstring("RoleBinding " + s.binding() + " in namespace " + s.second.name() +
                               " was removed by somebody before its end"));
  CHECK(s.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
}

TEST_CASE("deleting a request for several namespaces ends its access in all of them",
          "[lifecycle][namespaced]") {
  const Several s(automatic());
  s.ask(", duration: 10m");
  s.await("Active");
  const std::string uid = s.stored()["metadata"]["uid"];
  const std::string cascade = GENERATE("background", "orphan");
  REQUIRE_THAT(s.scene.alice.kubectl({"delete", "clusteraccessrequest", s.name, "--cascade=" + cascade}),
               Succeeds());
  CHECK(eventually(seconds(4), [&] {
    return s.scene.admin.get({"rolebindings", "-A", "-l", "curfew.dev/request-uid=" + uid})["items"].empty();
  }));
  CHECK(eventually(seconds(4), [&] { return s.recorded() == Texts{"Requested", "Granted", "Revoked"}; }));
}

TEST_CASE("what is wrong with the namespaces of a request is said at once", "[lifecycle][namespaced]") {
  const Several s;
  const auto refused = [&](const std::vector<std::string>& namespaces, const std::string& sentence) {
    const ProcessResult said =
        s.scene.alice.kubectl({"create", "--dry-run=server", "-f", "-"}, s.object("", namespaces));
    INFO(said.err);
    CHECK_THAT(said, Refused(sentence));
  };
  std::vector<std::string> many;
  for (int i = 0; i < 65; ++i) many.push_back("ns-" + std::to_string(i));
  refused(many, "must have at most 64 items");
  refused({"a", "a"}, "Duplicate value: \"a\"");
  refused({"a", "kube-system"}, "Curfew grants nothing in namespace kube-system");
  refused({"A"}, "\"A\" is not the name of a namespace");
  const std::string names = s.scene.space.name();
  Several narrow(
      "{requesters: [{kind: Group, name: developers}], roles: [{kind: ClusterRole, name: view}], namespaces: {names: [" +
      names + "]}, duration: {max: 1h}, approval: {required: 0}}");
  CHECK_THAT(narrow.scene.alice.kubectl({"create", "--dry-run=server", "-f", "-"},
                                        narrow.object("", {names, "shop"})),
             Refused("does not cover namespace shop, only " + names));
  CHECK_THAT(
      s.scene.alice.kubectl(
          {"create", "--dry-run=server", "-f", "-"},
          "{apiVersion: curfew.dev/v1alpha1, kind: ClusterAccessRequest, metadata: {name: x}, spec: {policy: " +
              s.policy + "}}"),
      Refused(
          "is for access in namespaces: ask for it with an AccessRequest in one of them, or name them in spec.namespaces"));
}

TEST_CASE("a stolen token that binds outside of a request's namespaces gives access for a moment",
          "[lifecycle][namespaced]") {
  const Several s(automatic());
  const TestNamespace other(s.scene.cluster);
  const bool is_granted = GENERATE(true, false);
  s.ask(is_granted ? ", duration: 10m" : ", duration: 10m, startTime: \"2026-12-24T20:00:00Z\"");
  if (is_granted) s.await("Active");
  const Json stored = s.stored();
  const std::string uid = stored["metadata"]["uid"];
  const std::string binding =
      "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: curfew-" + uid +
      ", namespace: " + other.name() + ", labels: {curfew.dev/request-uid: " + uid +
      "}, annotations: {curfew.dev/expires-at: \"" +
      curfew::format_rfc3339(now() + seconds(3600)).substr(0, 19) +
      "Z\"}, ownerReferences: [{apiVersion: curfew.dev/v1alpha1, " +
      "kind: ClusterAccessRequest, name: " + s.name + ", uid: " + uid +
      "}]}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: [{kind: User, apiGroup: "
      "rbac.authorization.k8s.io, name: mallory}]}";
  REQUIRE_THAT(s.scene.cluster.curfew().kubectl({"create", "-f", "-"}, binding), Succeeds());
  CHECK(eventually(seconds(5), [&] {
    return s.scene.admin.get({"rolebindings", "-n", other.name(), "-l", "curfew.dev/request-uid"})["items"]
        .empty();
  }));
  CHECK(eventually(seconds(3), [&] { return s.recorded().back() == "Tampered" || s.recorded().size() > 2; }));
  if (is_granted) CHECK(s.status()["phase"] == "Active");
}
