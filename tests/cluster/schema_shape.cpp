#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// How the kinds appear to users: columns, short names, categories, selectors.
using namespace curfew::test;

namespace {

std::string squeezed(const std::string& line) {
  std::string result;
  for (const char letter : line.substr(0, line.find('\n'))) {
    if (letter != ' ' || (!result.empty() && result.back() != ' ')) result += letter;
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

}  // namespace

TEST_CASE("a list of requests shows what one wants to know", "[guard][namespaced]") {
  Asked asked;
  asked.set_status({{"phase", "Active"},
                    {"complete", false},
                    {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
                    {"subject", {{"kind", "User"}, {"name", "alice"}}},
                    {"approvals", "1/1"},
                    {"expiresAt", "2099-01-01T00:00:00Z"},
                    {"message", "granted"}});
  const ProcessResult list = asked.alice.kubectl({"get", "ar", "-n", asked.space.name()});
  CHECK(squeezed(list.out) == "NAME PHASE POLICY ROLE SUBJECT APPROVALS EXPIRES AGE");
  CHECK(list.out.find("2099-01-01T00:00:00Z") != std::string::npos);
  const ProcessResult wide =
      asked.alice.kubectl({"get", "accessrequests", "-n", asked.space.name(), "-o", "wide"});
  CHECK(squeezed(wide.out) == "NAME PHASE POLICY ROLE SUBJECT APPROVALS EXPIRES AGE REASON MESSAGE");
}

TEST_CASE("a list of policies shows what one wants to know", "[guard]") {
  Asked asked;
  CHECK(squeezed(asked.alice.kubectl({"get", "accpol", asked.policy}).out) ==
        "NAME READY SUSPENDED REQUIRED APPROVALS MAX ACTIVE PENDING AGE");
}

TEST_CASE("a list of audit records shows what an auditor wants to know", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const std::string name = unique("record");
  REQUIRE_THAT(cluster.curfew().kubectl({"create", "-f", "-"},
                                        Json{{"apiVersion", "curfew.dev/v1alpha1"},
                                             {"kind", "AuditRecord"},
                                             {"metadata", {{"name", name}}},
                                             {"action", "Granted"},
                                             {"time", "2026-11-24T20:00:00.123456Z"},
                                             {"request", {{"namespace", name}, {"name", "ask"}}}}
                                            .dump()),
               Succeeds());
  const std::string list = cluster.admin().kubectl({"get", "auditrecord", name}).out;
  CHECK(squeezed(list) == "NAME TIME ACTION NAMESPACE REQUEST ACTOR SUBJECT ROLE POLICY");
  CHECK(list.find("2026-11-24T20:00:00.123456Z") != std::string::npos);
  const auto listed = [&](const std::string& selector) {
    return cluster.admin().get({"auditrecords", "--field-selector", selector})["items"].size();
  };
  CHECK(listed("request.namespace=" + name) == 1);
  CHECK(listed("request.namespace=" + name + ",request.name=ask,action=Granted") == 1);
  CHECK(listed("request.namespace=" + name + ",action=Denied") == 0);
}

TEST_CASE("live requests are told from completed ones by a field selector", "[guard][namespaced]") {
  Asked asked;
  const auto listed = [&](const std::string& selector) {
    return asked.admin
        .get({"accessrequests", "-n", asked.space.name(), "--field-selector", selector})["items"]
        .size();
  };
  CHECK(listed("status.complete!=true") == 1);
  CHECK(listed("spec.policy=" + asked.policy) == 1);
  asked.set_status({{"phase", "Expired"}, {"complete", true}});
  CHECK(listed("status.complete!=true") == 0);
  CHECK(listed("status.complete=true,status.phase=Expired") == 1);
}

TEST_CASE("kubectl get curfew lists policies and requests", "[guard][namespaced]") {
  Asked asked;
  const std::string list = asked.alice.kubectl({"get", "curfew", "-n", asked.space.name(), "-o", "name"}).out;
  CHECK(list.find("accessrequest.curfew.dev/ask") != std::string::npos);
  CHECK(list.find("accesspolicy.curfew.dev/" + asked.policy) != std::string::npos);
  CHECK(list.find("auditrecord") == std::string::npos);
}

TEST_CASE("a status that the schema does not know is refused", "[guard]") {
  Asked asked;
  CHECK_THAT(asked.curfew.kubectl(asked.space.on("patch", "ask",
                                                 {"--subresource", "status", "--type", "merge", "--patch",
                                                  R"({"status": {"phase": "Done"}})"})),
             Refused("status.phase: Unsupported value: \"Done\""));
}

TEST_CASE("the API server finds nothing wrong with the admission policies", "[guard]") {
  const Json policies = Cluster::shared().admin().get({"validatingadmissionpolicies"});
  int count = 0;
  for (const Json& policy : policies["items"]) {
    INFO(policy["metadata"]["name"]);
    CHECK_FALSE(policy["status"]["typeChecking"].contains("expressionWarnings"));
    ++count;
  }
  CHECK(count == 14);
}

TEST_CASE("the samples apply", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  const std::string samples = CURFEW_SOURCE_DIR "/manifests/samples/";
  REQUIRE_THAT(cluster.admin().kubectl({"apply", "-k", samples}), Succeeds());
  CHECK_THAT(
      cluster.as("alice").kubectl({"create", "--dry-run=server", "-f", samples + "request-debug.yaml"}),
      Succeeds());
  CHECK_THAT(
      cluster.as("alice").kubectl({"create", "--dry-run=server", "-f", samples + "request-break-glass.yaml"}),
      Succeeds());
  CHECK_THAT(
      cluster.as("bob").kubectl({"create", "--dry-run=server", "-f", samples + "request-on-call.yaml"}),
      Succeeds());
  CHECK_THAT(cluster.as("dave").kubectl({"create", "--dry-run=server", "-f", samples + "request-debug.yaml"}),
             Refused("dave is not a requester of AccessPolicy payments-debug"));
  REQUIRE_THAT(cluster.admin().kubectl({"delete", "-k", samples}), Succeeds());
}
