#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "managed_binding.hpp"

// Nobody but Curfew creates and changes its RoleBindings; anyone with the right to delete RoleBindings may
// delete them.
using namespace curfew;
using namespace curfew::test;
using namespace std::chrono_literals;

TEST_CASE("nobody makes a RoleBinding that looks like Curfew's", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const Person eve = cluster.somebody("eve", {"curfew-test-intruders"});
  Json binding = role_binding(space.name(), "mine");
  SECTION("by its label") {
    binding["metadata"]["labels"] = {{"curfew.dev/request-uid", "x"}};
  }
  SECTION("by its name") {
    binding["metadata"]["name"] = std::string("curfew-") + kUid;
  }
  SECTION("by a name that begins like one") {
    binding["metadata"]["name"] = std::string("curfew-") + kUid + "-more";
  }
  SECTION("by a generated name") {
    binding["metadata"].erase("name");
    binding["metadata"]["generateName"] = std::string("curfew-") + kUid;
  }
  for (const Person& who : {eve, cluster.admin()}) {
    CHECK_THAT(who.kubectl({"create", "-f", "-"}, binding.dump()), Refused(made_by_curfew()));
    if (binding["metadata"].contains("name")) {
      CHECK_THAT(who.apply(binding.dump()), Refused(made_by_curfew()));
      CHECK_THAT(who.kubectl({"apply", "--server-side", "-f", "-"}, binding.dump()),
                 Refused(made_by_curfew()));
    }
  }
}

TEST_CASE("a RoleBinding of others does not become Curfew's by a label", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  REQUIRE_THAT(cluster.admin().apply(role_binding(space.name(), "curfew-friends").dump()), Succeeds());
  CHECK_THAT(
      cluster.admin().kubectl(space.on_binding("label", "curfew-friends", {"curfew.dev/request-uid=x"})),
      Refused(is_managed()));
  CHECK_THAT(cluster.admin().kubectl(space.on_binding("label", "curfew-friends", {"team=x"})), Succeeds());
}

TEST_CASE("a managed binding is not edited, by any means", "[guard]") {
  Managed managed;
  const bool mighty = GENERATE(true, false);
  const Person& who = mighty ? managed.admin : managed.eve;
  const Json before = managed.stored();
  const Json eve{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "eve"}};

  for (const Json& change :
       {Json{{"subjects", Json::array({eve})}}, Json{{"subjects", Json::array()}},
        Json{{"metadata", {{"annotations", {{"curfew.dev/expires-at", "2199-01-01T00:00:00Z"}}}}}},
        Json{{"metadata", {{"annotations", {{"curfew.dev/expires-at", nullptr}}}}}},
        Json{{"metadata", {{"annotations", nullptr}}}}, Json{{"metadata", {{"labels", nullptr}}}},
        Json{{"metadata", {{"labels", {{"curfew.dev/request-uid", "x"}}}}}},
        Json{{"metadata", {{"labels", {{"team", "x"}}}}}},
        Json{{"metadata",
              {{"ownerReferences",
                Json::array(
                    {{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "x"}, {"uid", kUid}}})}}}}}) {
    INFO(change.dump());
    CHECK_THAT(managed.patch(who, "merge", change), Refused(is_managed()));
    Json whole = before;
    whole.merge_patch(change);
    CHECK_THAT(who.kubectl({"replace", "-f", "-"}, whole.dump()), Refused(is_managed()));
  }
  CHECK_THAT(
      managed.patch(who, "json", Json::array({{{"op", "add"}, {"path", "/subjects/-"}, {"value", eve}}})),
      Refused(is_managed()));
  CHECK_THAT(managed.patch(who, "strategic", {{"subjects", Json::array({eve})}}), Refused(is_managed()));
  Json applied = role_binding(managed.space.name(), managed.name);
  applied["subjects"] = Json::array({eve});
  CHECK_THAT(who.kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, applied.dump()),
             Refused(is_managed()));
  CHECK(managed.stored()["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]);
}

TEST_CASE("nobody holds up the end of a managed binding by a finalizer", "[guard]") {
  Managed managed;
  for (const Person& who : {managed.admin, managed.eve, managed.curfew}) {
    CHECK_THAT(managed.patch(who, "merge", {{"metadata", {{"finalizers", {"example.com/hold"}}}}}),
               Refused(kNoFinalizers));
  }
  Json held = managed_binding(managed.space.name());
  held["metadata"]["name"] = "curfew-00000000-0000-0000-0000-000000000000";
  held["metadata"]["labels"]["curfew.dev/request-uid"] = "00000000-0000-0000-0000-000000000000";
  held["metadata"]["finalizers"] = {"example.com/hold"};
  CHECK_THAT(managed.curfew.kubectl({"create", "-f", "-"}, held.dump()), Refused(kNoFinalizers));
}

TEST_CASE("a person who may delete RoleBindings may delete a managed one", "[guard]") {
  Managed managed;
  const auto how = GENERATE("background", "foreground", "orphan");
  REQUIRE_THAT(managed.eve.kubectl(managed.space.on_binding(
                   "delete", managed.name, {std::string("--cascade=") + how, "--timeout=30s"})),
               Succeeds());
  CHECK_THAT(managed.admin.kubectl(managed.space.on_binding("get", managed.name)), Refused("not found"));
}

TEST_CASE("a namespace with a managed binding in it can be deleted", "[guard]") {
  Managed managed;
  CHECK_THAT(managed.admin.kubectl({"delete", "namespace", managed.space.name(), "--timeout=60s"}),
             Succeeds());
}

TEST_CASE("writing a managed binding back as it is changes nothing and is allowed", "[guard]") {
  Managed managed;
  CHECK_THAT(managed.admin.kubectl({"replace", "-f", "-"}, managed.stored().dump()), Succeeds());
}

TEST_CASE("deleting a request takes its binding along while Curfew is down", "[guard]") {
  Asked asked;
  const std::string uid = asked.stored()["metadata"]["uid"];
  REQUIRE_THAT(asked.curfew.kubectl({"create", "-f", "-"}, managed_binding(asked.space.name(), uid).dump()),
               Succeeds());
  const auto gone = [&] { return !asked.admin.kubectl(asked.space.on_binding("get", "curfew-" + uid)).ok(); };

  SECTION("in the background") {
    REQUIRE_THAT(asked.alice.kubectl(asked.space.on("delete", "ask")), Succeeds());
    // The garbage collector discovers a new kind every 30 s.
    CHECK(eventually(std::chrono::seconds(60), gone));
  }
  SECTION("in the foreground") {
    REQUIRE_THAT(
        asked.alice.kubectl(asked.space.on("delete", "ask", {"--cascade=foreground", "--timeout=60s"})),
        Succeeds());
    CHECK(gone());
  }
  SECTION("but for an orphan, whose reference the garbage collector takes away") {
    REQUIRE_THAT(asked.alice.kubectl(asked.space.on("delete", "ask", {"--cascade=orphan", "--timeout=60s"})),
                 Succeeds());
    CHECK_FALSE(
        asked.admin.get(asked.space.binding("curfew-" + uid))["metadata"].contains("ownerReferences"));
  }
}
