#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "guard.hpp"

// What the shipped roles allow, and what they do not.
using namespace curfew::test;

namespace {

// "verb resource" of every rule of a ClusterRole, followed by the resourceNames of a limited rule in
// brackets.
std::set<std::string> rules_of(const Person& admin, const std::string& role) {
  std::set<std::string> result;
  const Json cluster_role = admin.get({"clusterrole", role});
  for (const Json& rule : cluster_role["rules"]) {
    for (const Json& verb : rule["verbs"]) {
      for (const Json& resource : rule["resources"]) {
        std::string entry = verb.get<std::string>() + " " + resource.get<std::string>();
        if (rule.contains("resourceNames")) entry += " " + rule["resourceNames"].dump();
        result.insert(entry);
      }
    }
  }
  return result;
}

// As rules_of() returns them: each of the verbs on each of the resources.
std::set<std::string> rules(const std::vector<std::pair<std::string, std::string>>& verbs_and_resources) {
  std::set<std::string> result;
  for (const auto& [verbs, resources] : verbs_and_resources) {
    std::istringstream each(verbs);
    for (std::string verb; each >> verb;) {
      std::istringstream all(resources);
      for (std::string resource; all >> resource;) result.insert(verb + " " + resource);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("the controller can do what it needs", "[guard]") {
  const Person curfew = Cluster::shared().curfew();
  for (const std::vector<std::string>& what : std::vector<std::vector<std::string>>{
           {"watch", "accessrequests.curfew.dev", "-A"},
           {"delete", "accessrequests.curfew.dev", "-A"},
           {"patch", "accessrequests.curfew.dev/any", "--subresource=status", "-A"},
           {"watch", "accesspolicies.curfew.dev"},
           {"patch", "accesspolicies.curfew.dev/any", "--subresource=status"},
           {"create", "auditrecords.curfew.dev"},
           {"list", "auditrecords.curfew.dev"},
           {"create", "rolebindings.rbac.authorization.k8s.io", "-A"},
           {"delete", "rolebindings.rbac.authorization.k8s.io", "-A"},
           {"patch", "rolebindings.rbac.authorization.k8s.io", "-A"},
           {"watch", "clusteraccessrequests.curfew.dev"},
           {"delete", "clusteraccessrequests.curfew.dev"},
           {"patch", "clusteraccessrequests.curfew.dev/any", "--subresource=status"},
           {"watch", "clusterrolebindings.rbac.authorization.k8s.io"},
           {"delete", "clusterrolebindings.rbac.authorization.k8s.io"},
           {"watch", "roles.rbac.authorization.k8s.io", "-A"},
           {"watch", "clusterroles.rbac.authorization.k8s.io"},
           {"watch", "namespaces"},
           {"create", "events.events.k8s.io", "-A"},
           {"watch", "validatingadmissionpolicies.admissionregistration.k8s.io"},
           {"watch", "validatingadmissionpolicybindings.admissionregistration.k8s.io"},
           {"update", "leases.coordination.k8s.io", "-n", "curfew-system"},
           {"create", "configmaps", "-n", "curfew-system"},
           {"update", "configmaps/curfew-guard", "-n", "curfew-system"},
           {"bind", "clusterroles.rbac.authorization.k8s.io/view"}}) {
    INFO(what[0] << " " << what[1]);
    CHECK(curfew.can(what));
  }
}

TEST_CASE("nobody but Curfew writes or deletes the ledger of the guard", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const Person admin = cluster.admin();
  const std::string sentence =
      "ConfigMap curfew-guard is written by Curfew only: it says since when Curfew's admission policies have been in force";
  const std::string ns = "curfew-system";
  Json ledger{{"apiVersion", "v1"},
              {"kind", "ConfigMap"},
              {"metadata", {{"name", "curfew-guard"}, {"namespace", ns}}},
              {"data", {{"ledger", "{}"}}}};
  const auto delete_with_namespace = [&] {  // what the namespace controller does
    return admin.kubectl({"delete", "configmap", "curfew-guard", "-n", ns, "--ignore-not-found", "--as",
                          "system:serviceaccount:kube-system:namespace-controller", "--as-group",
                          "system:masters"});
  };
  REQUIRE_THAT(delete_with_namespace(), Succeeds());
  CHECK_THAT(admin.kubectl({"create", "--dry-run=server", "-f", "-"}, ledger.dump()), Refused(sentence));
  REQUIRE_THAT(cluster.curfew().kubectl({"create", "-f", "-"}, ledger.dump()), Succeeds());
  CHECK_THAT(admin.kubectl({"patch", "configmap", "curfew-guard", "-n", ns, "--type=merge", "-p",
                            R"({"data": {"ledger": "{\"since\": 0}"}})"}),
             Refused(sentence));
  CHECK_THAT(admin.kubectl({"label", "configmap", "curfew-guard", "-n", ns, "a=b"}), Refused(sentence));
  CHECK_THAT(admin.kubectl({"delete", "configmap", "curfew-guard", "-n", ns}), Refused(sentence));
  CHECK_THAT(admin.kubectl({"delete", "configmaps", "--all", "-n", ns}), Refused(sentence));
  CHECK_THAT(admin.kubectl({"create", "configmap", "other", "-n", ns}), Succeeds());
  CHECK_THAT(admin.kubectl({"delete", "configmap", "other", "-n", ns}), Succeeds());

  ledger["data"]["ledger"] = "";
  CHECK_THAT(cluster.curfew().kubectl({"replace", "-f", "-"}, ledger.dump()), Succeeds());
  CHECK_THAT(delete_with_namespace(), Succeeds());
}

TEST_CASE("the controller can do no more", "[guard][namespaced]") {
  const Person curfew = Cluster::shared().curfew();
  for (const std::vector<std::string>& what : std::vector<std::vector<std::string>>{
           {"create", "accessrequests.curfew.dev", "-A"},
           {"patch", "accessrequests.curfew.dev", "-A"},
           {"update", "accessrequests.curfew.dev", "-A"},
           {"create", "accesspolicies.curfew.dev"},
           {"patch", "accesspolicies.curfew.dev"},
           {"update", "auditrecords.curfew.dev"},
           {"update", "rolebindings.rbac.authorization.k8s.io", "-A"},
           {"create", "clusterrolebindings.rbac.authorization.k8s.io"},
           {"patch", "clusterrolebindings.rbac.authorization.k8s.io"},
           {"update", "clusterrolebindings.rbac.authorization.k8s.io"},
           {"grant-cluster-wide", "clusterroles.rbac.authorization.k8s.io/view"},
           {"create", "clusteraccessrequests.curfew.dev"},
           {"patch", "clusteraccessrequests.curfew.dev"},
           {"update", "clusteraccessrequests.curfew.dev"},
           {"create", "clusterroles.rbac.authorization.k8s.io"},
           {"patch", "clusterroles.rbac.authorization.k8s.io"},
           {"escalate", "clusterroles.rbac.authorization.k8s.io"},
           {"bind", "clusterroles.rbac.authorization.k8s.io"},
           {"bind", "clusterroles.rbac.authorization.k8s.io/cluster-admin"},
           {"bind", "clusterroles.rbac.authorization.k8s.io/edit"},
           {"bind", "roles.rbac.authorization.k8s.io", "-A"},
           {"impersonate", "users"},
           {"impersonate", "groups"},
           {"impersonate", "serviceaccounts", "-A"},
           {"create", "serviceaccounts/any", "--subresource=token", "-A"},
           {"get", "secrets", "-A"},
           {"list", "pods", "-A"},
           {"get", "configmaps", "-A"},
           {"update", "configmaps", "-n", "curfew-system"},
           {"update", "leases.coordination.k8s.io", "-n", "kube-system"},
           {"update", "validatingadmissionpolicies.admissionregistration.k8s.io"},
           {"patch", "validatingadmissionpolicybindings.admissionregistration.k8s.io"},
           {"delete", "mutatingadmissionpolicies.admissionregistration.k8s.io"},
           {"patch", "customresourcedefinitions.apiextensions.k8s.io"},
           {"*", "*"}}) {
    INFO(what[0] << " " << what[1]);
    CHECK_FALSE(curfew.can(what));
  }
}

TEST_CASE("a role is made grantable by a labelled ClusterRole", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const std::string name = unique("curfew-grantable");
  REQUIRE_FALSE(cluster.curfew().can({"bind", "clusterroles.rbac.authorization.k8s.io/" + name}));
  REQUIRE_THAT(
      cluster.admin().apply(
          "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: " + name +
          ", labels: {curfew.dev/grantable: 'true'}}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], "
          "resourceNames: [" +
          name + "], verbs: [bind]}]}"),
      Succeeds());
  CHECK(eventually(std::chrono::seconds(30), [&] {
    return cluster.curfew().can({"bind", "clusterroles.rbac.authorization.k8s.io/" + name});
  }));
  REQUIRE_THAT(cluster.admin().kubectl({"delete", "clusterrole", name}), Succeeds());
}

TEST_CASE("applying the manifests again takes nothing away, not even for a moment", "[guard][kinds]") {
  const Cluster& cluster = Cluster::shared();
  exempt_labelled_namespaces(cluster);  // other tests do the same, perhaps at this moment
  const auto generations = [&] {
    Json result;
    const Json guard = cluster.admin().get(
        {"validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings",
         "-l", "app.kubernetes.io/name=curfew"});
    for (const Json& one : guard["items"]) {
      result[one["kind"].get<std::string>() + "/" + one["metadata"]["name"].get<std::string>()] =
          one["metadata"]["generation"];
    }
    return result;
  };
  REQUIRE(eventually(std::chrono::seconds(30),
                     [&] { return !rules_of(cluster.admin(), "curfew-grantable").empty(); }));
  const Json before = generations();
  const Json grantable = cluster.admin().get({"clusterrole", "curfew-grantable"});
  CHECK(before.size() == 34);
  REQUIRE_THAT(cluster.admin().kubectl({"apply", "-k", CURFEW_SOURCE_DIR "/manifests"}), Succeeds());
  CHECK(generations() == before);
  CHECK(cluster.admin().get({"clusterrole", "curfew-grantable"})["metadata"]["uid"] ==
        grantable["metadata"]["uid"]);
  CHECK_FALSE(rules_of(cluster.admin(), "curfew-grantable").empty());
}

TEST_CASE("the roles for people hold what their names say", "[guard]") {
  const Person admin = Cluster::shared().admin();
  CHECK(rules_of(admin, "curfew-requester") ==
        rules({{"create delete get list patch update watch", "accessrequests clusteraccessrequests"},
               {"get list watch", "accesspolicies"}}));
  CHECK(rules_of(admin, "curfew-approver") ==
        rules({{"get list patch update watch", "accessrequests clusteraccessrequests"},
               {"get list watch", "accesspolicies"}}));
  CHECK(rules_of(admin, "curfew-policy-viewer") == rules({{"get list watch", "accesspolicies"}}));
  CHECK(rules_of(admin, "curfew-policy-author") ==
        rules({{"create delete get list patch update watch", "accesspolicies"},
               {"get list watch", "accessrequests clusteraccessrequests"}}));
  CHECK(rules_of(admin, "curfew-auditor") ==
        rules({{"get list watch", "accesspolicies accessrequests auditrecords clusteraccessrequests"}}));
}

TEST_CASE("everybody who is authenticated may read AccessPolicies, and nothing else of Curfew", "[guard]") {
  const Person stranger = Cluster::shared().somebody(unique("stranger"), {});
  CHECK(stranger.can({"list", "accesspolicies.curfew.dev"}));
  CHECK(stranger.can({"watch", "accesspolicies.curfew.dev"}));
  CHECK_FALSE(stranger.can({"create", "accesspolicies.curfew.dev"}));
  CHECK_FALSE(stranger.can({"list", "accessrequests.curfew.dev", "-A"}));
  CHECK_FALSE(stranger.can({"list", "auditrecords.curfew.dev"}));
}

TEST_CASE("of the roles for people, only the requester's goes into edit and admin", "[guard]") {
  const Person admin = Cluster::shared().admin();
  const auto role = GENERATE("edit", "admin");
  REQUIRE(eventually(std::chrono::seconds(30),
                     [&] { return rules_of(admin, role).contains("create accessrequests"); }));
  const std::set<std::string> rules = rules_of(admin, role);
  for (const char* not_there : {"create accesspolicies", "patch accesspolicies", "get auditrecords",
                                "patch accessrequests/status", "*  *"}) {
    CHECK_FALSE(rules.contains(not_there));
  }
  CHECK_FALSE(rules_of(admin, "view").contains("create accessrequests"));
}

TEST_CASE("the namespace of Curfew admits restricted pods only", "[guard]") {
  const Person admin = Cluster::shared().admin();
  CHECK(
      admin.get({"namespace", "curfew-system"})["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] ==
      "restricted");
  const Json pod = admin.get({"deployment", "curfew", "-n", "curfew-system"})["spec"]["template"];
  const Json as_pod{{"apiVersion", "v1"},
                    {"kind", "Pod"},
                    {"metadata", {{"name", "like-curfew"}, {"namespace", "curfew-system"}}},
                    {"spec", pod["spec"]}};
  CHECK_THAT(admin.kubectl({"create", "--dry-run=server", "-f", "-"}, as_pod.dump()), Succeeds());
}
