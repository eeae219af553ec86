#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>

#include "guard.hpp"

// Only Curfew writes audit records, and each once; not even cluster administrators change or delete one by
// mistake.
using namespace curfew::test;

namespace {

Json record(const std::string& name) {
  return {{"apiVersion", "curfew.dev/v1alpha1"},
          {"kind", "AuditRecord"},
          {"metadata", {{"name", name}}},
          {"action", "Granted"},
          {"time", "2026-11-24T20:00:00.123456Z"},
          {"actor", {{"username", "bob"}, {"groups", {"sre", "system:authenticated"}}}},
          {"request",
           {{"namespace", "payments"}, {"name", "fix"}, {"uid", "5f0c2f0e-3d4c-4f1b-8a54-0d2b8f6f1a11"}}},
          {"expiresAt", "2026-11-24T21:00:00Z"}};
}

}  // namespace

TEST_CASE("nobody but Curfew writes an audit record", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const Json one = record(unique("record"));
  for (const Person& who : {cluster.admin(), cluster.somebody("eve", {"curfew-test-intruders"})}) {
    CHECK_THAT(who.kubectl({"create", "-f", "-"}, one.dump()),
               Refused("audit records are written and deleted by Curfew only"));
    CHECK_THAT(who.kubectl({"apply", "--server-side", "-f", "-"}, one.dump()),
               Refused("audit records are written and deleted by Curfew only"));
  }
  CHECK_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, one.dump()), Succeeds());
}

TEST_CASE("an audit record is never changed and, but by Curfew, never deleted", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const std::string name = unique("record");
  REQUIRE_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, record(name).dump()), Succeeds());
  const Json before = cluster.admin().get({"auditrecord", name});
  const bool mighty = GENERATE(true, false);
  const Person who = mighty ? cluster.admin() : cluster.somebody("eve", {"curfew-test-intruders"});

  for (const Json& change :
       {Json{{"action", "Denied"}}, Json{{"message", "x"}}, Json{{"actor", {{"username", "carol"}}}},
        Json{{"expiresAt", nullptr}}, Json{{"metadata", {{"labels", {{"x", "y"}}}}}},
        Json{{"metadata", {{"annotations", {{"x", "y"}}}}}},
        Json{{"metadata", {{"finalizers", {"example.com/x"}}}}}}) {
    INFO(change.dump());
    CHECK_THAT(who.kubectl({"patch", "auditrecord", name, "--type", "merge", "--patch", change.dump()}),
               Refused("an audit record is never changed"));
    Json whole = before;
    whole.merge_patch(change);
    CHECK_THAT(who.kubectl({"replace", "-f", "-"}, whole.dump()),
               Refused("an audit record is never changed"));
  }
  CHECK_THAT(who.kubectl({"patch", "auditrecord", name, "--type", "json", "--patch",
                          R"([{"op": "replace", "path": "/action", "value": "Denied"}])"}),
             Refused("an audit record is never changed"));
  Json applied = record(name);
  applied["action"] = "Denied";
  CHECK_THAT(who.kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, applied.dump()),
             Refused("an audit record is never changed"));
  CHECK_THAT(who.kubectl({"delete", "auditrecord", name}),
             Refused("audit records are written and deleted by Curfew only"));
  CHECK_THAT(who.kubectl({"delete", "auditrecords", "--all"}),
             Refused("audit records are written and deleted by Curfew only"));
  CHECK_THAT(who.kubectl({"replace", "--force", "-f", "-"}, applied.dump()),
             Refused("audit records are written and deleted by Curfew only"));
  CHECK(cluster.admin().get({"auditrecord", name}) == before);
}

TEST_CASE("Curfew itself changes no audit record", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const std::string name = unique("record");
  REQUIRE_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, record(name).dump()), Succeeds());
  CHECK_THAT(cluster.curfew().kubectl(
                 {"patch", "auditrecord", name, "--type", "merge", "--patch", R"({"action": "Denied"})"}),
             Refused("cannot patch resource \"auditrecords\""));
  // The guard would refuse it as well, even if RBAC allowed it.
  CHECK_THAT(cluster.admin().kubectl(
                 {"patch", "auditrecord", name, "--type", "merge", "--patch", R"({"action": "Denied"})",
                  "--as", "system:serviceaccount:curfew-system:curfew", "--as-group", "system:masters"}),
             Refused("an audit record is never changed"));
}

TEST_CASE("writing an audit record back as it is, as a storage migration does, is allowed", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const std::string name = unique("record");
  REQUIRE_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, record(name).dump()), Succeeds());
  const Json before = cluster.admin().get({"auditrecord", name});
  CHECK_THAT(cluster.admin().kubectl({"replace", "-f", "-"}, before.dump()), Succeeds());
  CHECK(cluster.admin().get({"auditrecord", name}) == before);
}

TEST_CASE("the kinds are not deleted by accident", "[guard][kinds]") {
  const Cluster& cluster = Cluster::shared();
  const auto kind =
      GENERATE("accesspolicies.curfew.dev", "accessrequests.curfew.dev", "auditrecords.curfew.dev");
  CHECK_THAT(cluster.admin().kubectl({"delete", "crd", kind}),
             Refused("annotate it curfew.dev/allow-delete first"));
  REQUIRE_THAT(cluster.admin().kubectl({"annotate", "crd", kind, "curfew.dev/allow-delete="}), Succeeds());
  CHECK_THAT(cluster.admin().kubectl({"delete", "crd", kind, "--dry-run=server"}), Succeeds());
  REQUIRE_THAT(cluster.admin().kubectl({"annotate", "crd", kind, "curfew.dev/allow-delete-"}), Succeeds());
}

TEST_CASE("the kinds are changed only by an update that says so anew", "[guard][kinds]") {
  const Cluster& cluster = Cluster::shared();
  const Person admin = cluster.admin();
  const std::string kind =
      GENERATE("accesspolicies.curfew.dev", "accessrequests.curfew.dev", "auditrecords.curfew.dev");
  const Json before = admin.get({"crd", kind});
  const auto replace = [&](const std::function<void(Json&)>& change) {
    Json crd = before;
    crd["metadata"].erase("resourceVersion");
    change(crd);
    return admin.kubectl({"replace", "--dry-run=server", "-f", "-"}, crd.dump());
  };
  const auto open = [](Json& crd) { crd["spec"]["versions"][0].erase("subresources"); };
  const char* const sentence = "give its annotation curfew.dev/allow-change a new value in the same update";
  const std::vector<std::function<void(Json&)>> changes{
      open, [](Json& crd) { crd["spec"]["versions"][0].erase("selectableFields"); },
      [](Json& crd) { crd["spec"]["versions"][0].erase("additionalPrinterColumns"); },
      [](Json& crd) {
        crd["spec"]["versions"][0].erase("selectableFields");  // they would refer to missing fields
        crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
            {"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
      }};
  for (const auto& change : changes) {
    Json changed = before;
    change(changed);
    if (changed == before) continue;  // policies have no selectable fields, records no subresource
    CHECK_THAT(replace(change), Refused(sentence));
  }
  const auto annotated = [&](const Json& value) {
    return [&, value](Json& crd) {
      crd["spec"]["names"]["shortNames"].push_back("curfew-test");
      crd["metadata"]["annotations"].merge_patch({{"curfew.dev/allow-change", value}});
    };
  };
  CHECK_THAT(replace(annotated(before["metadata"]["annotations"]["curfew.dev/allow-change"])),
             Refused(sentence));
  CHECK_THAT(replace(annotated("another version's")), Succeeds());
  // As in a rollback to a version without this annotation.
  CHECK_THAT(replace(annotated(nullptr)), Succeeds());
  // These do not change the kind: annotations, a storage migration, the API server's own status.
  CHECK_THAT(replace([](Json& crd) { crd["metadata"]["labels"]["team"] = "x"; }), Succeeds());
  CHECK_THAT(replace([](Json&) {}), Succeeds());
  CHECK_THAT(admin.kubectl({"patch", "crd", kind, "--subresource=status", "--dry-run=server", "--type=merge",
                            "--patch", R"({"status": {"conditions": []}})"}),
             Succeeds());
}

TEST_CASE("applying the kinds that this version ships is no change", "[guard][kinds]") {
  const Person admin = Cluster::shared().admin();
  CHECK_THAT(admin.kubectl({"apply", "-k", CURFEW_SOURCE_DIR "/crds"}), Succeeds());
  CHECK_THAT(admin.kubectl({"diff", "-k", CURFEW_SOURCE_DIR "/crds"}), Succeeds());
}

TEST_CASE("the kinds of others are deleted as ever", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  REQUIRE_THAT(
      cluster.admin().apply(
          "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: things.example.com}, spec: {group: "
          "example.com, scope: Cluster, names: {kind: Thing, plural: things}, versions: [{name: v1, served: true, storage: true, schema: "
          "{openAPIV3Schema: {type: object}}}]}}"),
      Succeeds());
  CHECK_THAT(cluster.admin().kubectl({"delete", "crd", "things.example.com", "--timeout=30s"}), Succeeds());
}
