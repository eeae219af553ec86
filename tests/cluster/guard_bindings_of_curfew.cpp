#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "managed_binding.hpp"

// Curfew itself only ever reduces and deletes its RoleBindings.
using namespace curfew;
using namespace curfew::test;
using namespace std::chrono_literals;

TEST_CASE("Curfew takes away from its bindings and changes nothing else", "[guard]") {
  Managed managed;
  const std::string sentence = only_takes_away();
  CHECK_THAT(
      managed.patch(
          managed.curfew, "json",
          Json::array(
              {{{"op", "add"},
                {"path", "/subjects/-"},
                {"value", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "eve"}}}}})),
      Refused(sentence));
  CHECK_THAT(
      managed.patch(managed.curfew, "merge",
                    {{"metadata", {{"annotations", {{"curfew.dev/expires-at", "2199-01-01T00:00:00Z"}}}}}}),
      Refused(sentence));
  CHECK_THAT(managed.patch(managed.curfew, "merge", {{"metadata", {{"labels", nullptr}}}}),
             Refused(sentence));
  CHECK_THAT(managed.patch(managed.curfew, "merge", {{"metadata", {{"ownerReferences", nullptr}}}}),
             Refused(sentence));
  CHECK_THAT(managed.patch(managed.curfew, "merge", {{"subjects", Json::array()}}), Succeeds());
  CHECK_FALSE(managed.stored().contains("subjects"));
  CHECK_THAT(managed.curfew.kubectl(managed.space.on_binding("delete", managed.name)), Succeeds());
}

TEST_CASE("Curfew moves the end of its binding up, and neither back nor away", "[guard]") {
  Managed managed;
  const std::string sentence = only_takes_away();
  const auto annotate = [&](const Person& who, const Json& annotations) {
    return managed.patch(who, "merge", {{"metadata", {{"annotations", annotations}}}});
  };
  const char* const end = "curfew.dev/expires-at";
  for (const Person& who : {managed.admin, managed.eve})
    CHECK_THAT(annotate(who, {{end, from_now(kGranted - 1h)}}), Refused(is_managed()));

  const std::string sooner = from_now(kGranted - 2h);
  CHECK_THAT(annotate(managed.curfew, {{end, sooner}}), Succeeds());
  CHECK(managed.stored()["metadata"]["annotations"][end] == sooner);
  for (const std::string& later :
       {from_now(kGranted - 1h), from_now(kGranted), std::string("2199-01-01T00:00:00Z")}) {
    CHECK_THAT(annotate(managed.curfew, {{end, later}}), Refused(sentence));
  }
  for (const char* garbage :
       {"", "0", "soon", "2000", "2025-01-01", "2025-01-01T00:00:00", "2025-01-01T00:00:00.5Z",
        "2025-01-01T00:00:00+00:00", "12097-01-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z", "2025-01-01T24:00:00Z"}) {
    INFO(garbage);
    CHECK_THAT(annotate(managed.curfew, {{end, garbage}}), Refused(sentence));
  }
  CHECK_THAT(annotate(managed.curfew, {{end, nullptr}}), Refused(sentence));
  CHECK_THAT(annotate(managed.curfew, nullptr), Refused(sentence));
  const std::string earlier = from_now(kGranted - 3h);
  CHECK_THAT(annotate(managed.curfew, {{end, earlier}, {"curfew.dev/request", "other/ask"}}),
             Refused(sentence));
  CHECK_THAT(annotate(managed.curfew, {{end, earlier}, {"curfew.dev/request", nullptr}}), Refused(sentence));
  CHECK_THAT(annotate(managed.curfew, {{end, earlier}, {"curfew.dev/policy", "added"}}), Refused(sentence));
  CHECK_THAT(annotate(managed.curfew, {{"curfew.dev/request", "other/ask"}}), Refused(sentence));
  CHECK(managed.stored()["metadata"]["annotations"] ==
        Json{{end, sooner}, {"curfew.dev/request", managed.space.key("ask")}});
  CHECK_THAT(annotate(managed.curfew, {{end, earlier}}), Succeeds());
}

TEST_CASE("Curfew makes no RoleBinding that is not marked with its request and its end", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string sentence = "Curfew makes only " + binding_kind() +
                               "s that are labelled with their request and annotated with their end";
  Json binding = managed_binding(space.name());
  SECTION("no label") {
    binding["metadata"].erase("labels");
  }
  SECTION("no end") {
    binding["metadata"].erase("annotations");
  }
  SECTION("another name") {
    binding["metadata"]["name"] = "for-ever";
  }
  SECTION("another request's label") {
    binding["metadata"]["labels"]["curfew.dev/request-uid"] = "00000000-0000-0000-0000-000000000000";
  }
  CHECK_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, binding.dump()), Refused(sentence));
}

TEST_CASE("Curfew makes no RoleBinding that the garbage collector would leave alone", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  Json binding = managed_binding(space.name());
  Json& owners = binding["metadata"]["ownerReferences"];
  SECTION("without an owner") {
    owners = Json::array();
  }
  SECTION("with another request for its owner") {
    owners[0]["uid"] = "00000000-0000-0000-0000-000000000000";
  }
  SECTION("with an owner of another kind") {
    owners[0]["apiVersion"] = "v1";
    owners[0]["kind"] = "ConfigMap";
  }
  SECTION("with a second owner, which keeps it") {
    owners.push_back({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", "default"}, {"uid", kUid}});
  }
  CHECK_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, binding.dump()),
             Refused("Curfew makes only " + binding_kind() +
                     "s that are owned by their request, and by nothing else"));
}

TEST_CASE("Curfew makes RoleBindings for one person or ServiceAccount at a time", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  Json binding = managed_binding(space.name());
  Json& subjects = binding["subjects"];
  SECTION("not for a group") {
    subjects[0] = {
        {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Group"}, {"name", "system:authenticated"}};
  }
  SECTION("not for two") {
    subjects.push_back({{"kind", "ServiceAccount"}, {"namespace", "default"}, {"name", "default"}});
  }
  SECTION("not for none") {
    subjects = Json::array();
  }
  CHECK_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, binding.dump()),
             Refused("Curfew makes only " + binding_kind() + "s of one User or one ServiceAccount"));
}

TEST_CASE("Curfew binds no role without the verb bind, whose rules it has itself or not",
          "[guard][namespaced]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  Json binding = managed_binding(space.name());
  Json& role = binding["roleRef"];
  SECTION("its own") {
    role["name"] = "curfew-controller";
  }
  SECTION("a part of it") {
    REQUIRE_THAT(cluster.admin().kubectl({"create", "role", "part", "-n", space.name(), "--verb=list",
                                          "--resource=rolebindings"}),
                 Succeeds());
    role["kind"] = "Role";
    role["name"] = "part";
  }
  CHECK_THAT(
      cluster.curfew().kubectl({"create", "-f", "-"}, binding.dump()),
      Refused("Curfew may not bind " + role["kind"].get<std::string>() + " " +
              role["name"].get<std::string>() +
              "; make the role grantable: a ClusterRole labelled curfew.dev/grantable=true that allows "
              "bind on it"));
}

TEST_CASE("Curfew makes only RoleBindings that end, within a year", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const auto make = [&](const std::string& end) {
    Json binding = managed_binding(space.name());
    binding["metadata"]["annotations"]["curfew.dev/expires-at"] = end;
    return cluster.curfew().kubectl({"create", "--dry-run=server", "-f", "-"}, binding.dump());
  };
  for (const std::string& end :
       {std::string("banana"), std::string(), std::string("2099-01-01T00:00:00Z"),
        std::string("2026-02-30T00:00:00Z"), std::string("2026-02-29T00:00:00Z"),
        std::string("2026-04-31T00:00:00Z"), std::string("2026-01-01T25:61:00Z"), std::string("2026-01-01"),
        std::string("2026-01-01T00:00:00+00:00"), from_now(8762h)}) {
    INFO(end);
    CHECK_THAT(make(end), Refused("Curfew makes only " + binding_kind() + "s that end, within a year"));
  }
  for (const std::string& end : {from_now(8760h), from_now(1s), std::string("2024-02-29T00:00:00Z")}) {
    INFO(end);
    CHECK_THAT(make(end), Succeeds());
  }
}

TEST_CASE("Curfew deletes only RoleBindings of its own", "[guard][namespaced]") {
  Managed managed;
  const std::string& space = managed.space.name();
  REQUIRE_THAT(managed.admin.apply(role_binding(space, "theirs").dump()), Succeeds());
  // Even if RBAC allowed Curfew to delete them all at once.
  const auto as_curfew = [&](std::vector<std::string> arguments) {
    for (const char* more :
         {"--as", "system:serviceaccount:curfew-system:curfew", "--as-group", "system:masters"})
      arguments.emplace_back(more);
    return managed.admin.kubectl(arguments);
  };
  CHECK_THAT(managed.curfew.kubectl({"delete", "rolebinding", "theirs", "-n", space}),
             Refused(only_takes_away()));
  CHECK_THAT(as_curfew({"delete", "--raw",
                        "/apis/rbac.authorization.k8s.io/v1/namespaces/" + space +
                            "/rolebindings?fieldSelector=metadata.name%3Dtheirs"}),
             Refused(only_takes_away()));
  CHECK_THAT(managed.curfew.kubectl({"delete", "rolebinding", managed.name, "-n", space}), Succeeds());
  CHECK_THAT(managed.eve.kubectl({"delete", "rolebinding", "theirs", "-n", space}), Succeeds());
}

TEST_CASE("Curfew deletes what was made while the guard was away, of the name that its label gives",
          "[guard][namespaced]") {
  Asked asked;
  exempt_labelled_namespaces(asked.cluster);
  REQUIRE_THAT(asked.admin.kubectl({"label", "namespace", asked.space.name(), "curfew-test=unguarded"}),
               Succeeds());
  Json named = role_binding(asked.space.name(), "curfew-x");
  named["metadata"]["labels"] = {{"curfew.dev/request-uid", "x"}};
  Json other = named;
  other["metadata"]["name"] = "curfew-y";
  REQUIRE(eventually(10s, [&] { return asked.admin.kubectl({"create", "-f", "-"}, named.dump()).ok(); }));
  REQUIRE_THAT(asked.admin.kubectl({"create", "-f", "-"}, other.dump()), Succeeds());
  REQUIRE_THAT(asked.admin.kubectl({"label", "namespace", asked.space.name(), "curfew-test-"}), Succeeds());
  const std::vector<std::string> again{"create", "--dry-run=server", "-f", "-"};
  Json third = named;
  third["metadata"]["name"] = "curfew-z";
  third["metadata"]["labels"] = {{"curfew.dev/request-uid", "z"}};
  REQUIRE(eventually(10s, [&] { return !asked.admin.kubectl(again, third.dump()).ok(); }));

  CHECK_THAT(asked.admin.kubectl(again, third.dump()), Refused(made_by_curfew()));
  CHECK_THAT(asked.curfew.kubectl(asked.space.on_binding("delete", "curfew-y")), Refused(only_takes_away()));
  CHECK_THAT(asked.curfew.kubectl(asked.space.on_binding(
                 "patch", "curfew-x", {"--type", "merge", "--patch", R"({"subjects": []})"})),
             Succeeds());
  CHECK_THAT(asked.curfew.kubectl(asked.space.on_binding("delete", "curfew-x")), Succeeds());
}

TEST_CASE("Curfew touches no RoleBinding of others", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  REQUIRE_THAT(cluster.admin().apply(role_binding(space.name(), "theirs").dump()), Succeeds());
  CHECK_THAT(cluster.curfew().kubectl(
                 space.on_binding("patch", "theirs", {"--type", "merge", "--patch", R"({"subjects": []})"})),
             Refused(only_takes_away()));
}

TEST_CASE("Curfew grants nothing in the namespaces of Kubernetes and its own", "[guard][namespaced]") {
  const Cluster& cluster = Cluster::shared();
  const auto reserved = GENERATE("kube-system", "kube-public", "curfew-system");
  CHECK_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, managed_binding(reserved).dump()),
             Refused("Curfew grants nothing in kube-* and in its own namespace"));
}
