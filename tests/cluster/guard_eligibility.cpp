#include <yaml-cpp/yaml.h>

#include <catch2/catch_test_macros.hpp>
#include <map>

#include "guard.hpp"

// The early answer of the AccessPolicy, case by case; the core runs through the same table.
using namespace curfew::test;

namespace {

std::string flow(const YAML::Node& node) {
  YAML::Emitter out;
  out.SetMapFormat(YAML::Flow);
  out.SetSeqFormat(YAML::Flow);
  out.SetStringFormat(YAML::DoubleQuoted);
  out << node;
  return out.c_str();
}

// Removes the quotes around booleans and numbers, which are not strings.
std::string unquoted(std::string spec) {
  for (const char* word : {"true", "false", "0", "1", "2"}) {
    const std::string quoted = std::string(": \"") + word + "\"";
    for (auto at = spec.find(quoted); at != std::string::npos; at = spec.find(quoted))
      spec.replace(at, quoted.size(), std::string(": ") + word);
  }
  return spec;
}

std::vector<std::string> as(const YAML::Node& user, std::vector<std::string> arguments) {
  std::vector<std::string> groups{"curfew-test-people"};
  for (const YAML::Node& group : user["groups"]) groups.push_back(group.as<std::string>());
  return impersonating(user["username"].as<std::string>(), groups, std::move(arguments));
}

class Table {
 public:
  Table() {
    for (const char* name : {"table-a", "table-b"}) admin_.kubectl({"create", "namespace", name});
  }
  ~Table() {
    admin_.kubectl({"delete", "accessrequests", "--all", "-n", "table-a"});
    admin_.kubectl({"delete", "accessrequests", "--all", "-n", "table-b"});
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Runs the act itself, after everything that must precede it.
  ProcessResult act(const YAML::Node& one) {
    const std::string ns = one["namespace"] ? one["namespace"].as<std::string>() : "table-a";
    const std::string request = "ask-" + std::to_string(++count_);
    const bool asks = one["act"].as<std::string>() == "Ask";
    ProcessResult said = ask(one, asks ? one["user"] : one["request"]["requester"], ns, request);
    if (asks) return said;
    REQUIRE_THAT(said, Succeeds());
    settle(cluster_, ns, request);
    for (const YAML::Node& decision : one["decisions"])
      REQUIRE_THAT(decide(decision, decision["verdict"].as<std::string>(), ns, request), Succeeds());
    return decide(one["user"], one["act"].as<std::string>(), ns, request);
  }

 private:
  ProcessResult ask(const YAML::Node& one, const YAML::Node& user, const std::string& ns,
                    const std::string& request) {
    YAML::Node spec = YAML::Clone(one["request"]);
    spec.remove("requester");
    spec["policy"] = policy(unquoted(flow(one["policy"])));
    return admin_.kubectl(as(user, {"create", "-f", "-"}),
                          "apiVersion: curfew.dev/v1alpha1\nkind: AccessRequest\nmetadata: {name: " +
                              request + ", namespace: " + ns + "}\nspec: " + flow(spec) + "\n");
  }

  ProcessResult decide(const YAML::Node& user, const std::string& verdict, const std::string& ns,
                       const std::string& request) const {
    return admin_.kubectl(
        as(user, {"annotate", "accessrequest", request, "-n", ns, kCommands.at(verdict) + "=because"}));
  }

  const std::string& policy(const std::string& spec) {
    std::string& name = policies_[spec];
    if (name.empty()) name = space_.policy(spec);
    return name;
  }

  const Cluster& cluster_ = Cluster::shared();
  Person admin_ = cluster_.admin();
  TestNamespace space_{cluster_};
  std::map<std::string, std::string> policies_;
  int count_ = 0;
};

}  // namespace

TEST_CASE("the API server answers every case of the table as it says", "[guard][namespaced]") {
  const YAML::Node cases = YAML::LoadFile(CURFEW_SOURCE_DIR "/tests/cases/eligibility.yaml")["cases"];
  REQUIRE(cases.size() >= 60);
  Table table;
  for (const YAML::Node& one : cases) {
    INFO(one["name"].as<std::string>());
    const ProcessResult said = table.act(one);
    if (one["expect"].as<std::string>() == "allowed") {
      CHECK_THAT(said, Succeeds());
    } else {
      CHECK_THAT(said, Refused(kSentences.at(one["reason"].as<std::string>())));
    }
  }
}

TEST_CASE("an answer of the policy names the policy, the field, the value and what would be accepted",
          "[guard][namespaced]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(
      "{requesters: [{kind: Group, name: developers}, {kind: ServiceAccount, namespace: flux, name: flux}], roles: [{kind: ClusterRole, name: view}, "
      "{kind: Role, name: debugger}], namespaces: {names: [billing, " +
      space.name() + "]}, duration: {max: 90m}, reason: {required: true}, approval: {required: 0}}");
  const auto ask = [&](const std::string& who, const std::string& rest) {
    return cluster.as(who).apply(space.request("ask", "{policy: " + policy + rest + "}"));
  };
  const std::string role = ", role: {kind: ClusterRole, name: view}";

  CHECK_THAT(ask("dave", ""), Refused("dave is not a requester of AccessPolicy " + policy +
                                      ": Group developers, ServiceAccount flux/flux"));
  CHECK_THAT(ask("alice", ", reason: x"), Refused("spec.role is missing: AccessPolicy " + policy +
                                                  " offers ClusterRole view, Role debugger"));
  CHECK_THAT(ask("alice", ", reason: x, role: {kind: ClusterRole, name: admin}"),
             Refused("spec.role ClusterRole admin is not offered by AccessPolicy " + policy +
                     ", which offers ClusterRole view, Role debugger"));
  CHECK_THAT(ask("alice", ", reason: x, duration: 2h" + role),
             Refused("spec.duration 2h is longer than the 90m that AccessPolicy " + policy + " allows"));
  CHECK_THAT(ask("alice", role), Refused("spec.reason is missing: AccessPolicy " + policy + " requires one"));
  CHECK_THAT(
      cluster.as("alice").apply(
          "{apiVersion: curfew.dev/v1alpha1, kind: AccessRequest, metadata: {name: ask, namespace: default}, spec: {policy: " +
          policy + ", reason: x" + role + "}}"),
      Refused("AccessPolicy " + policy + " does not cover namespace default, only billing, " + space.name()));
  CHECK_THAT(ask("alice", ", reason: x, duration: 10m" + role), Succeeds());
  CHECK_THAT(cluster.as("bob").kubectl(space.on("annotate", "ask", {"curfew.dev/approve=ok"})),
             Refused("bob is not an approver of AccessPolicy " + policy + ", which has none"));
}

TEST_CASE("a request under a policy that does not exist is accepted: it may be on its way", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  CHECK_THAT(cluster.as("dave").apply(space.request("ask", "{policy: no-such-policy}")), Succeeds());
}

TEST_CASE("other policies have no say about a request", "[guard]") {
  Asked asked;
  asked.space.policy(
      "{requesters: [{kind: User, name: nobody}], roles: [{kind: ClusterRole, name: edit}], namespaces: {names: [elsewhere]}, duration: {max: 1s}, "
      "reason: {required: true}, approval: {required: 1, approvers: [{kind: User, name: nobody}]}}");
  CHECK_THAT(
      asked.alice.apply(asked.space.request("another", "{policy: " + asked.policy + ", duration: 1h}")),
      Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
}

TEST_CASE("a request whose policy is gone can still be revoked", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.admin.kubectl({"delete", "accesspolicy", asked.policy}), Succeeds());
  CHECK_THAT(asked.annotate(asked.alice, {"curfew.dev/revoke=done"}), Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
}

TEST_CASE("a person who approved may revoke, also when the policy no longer lists them", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  asked.set_status({{"phase", "Active"}, {"approvedBy", {"bob"}}});
  REQUIRE_THAT(
      asked.admin.kubectl({"patch", "accesspolicy", asked.policy, "--type", "merge", "--patch",
                           R"({"spec": {"approval": {"approvers": [{"kind": "User", "name": "mary"}]}}})"}),
      Succeeds());
  REQUIRE(eventually(std::chrono::seconds(10), [&] {
    return !asked.annotate(asked.carol, {"curfew.dev/revoke=enough", "--dry-run=server"}).ok();
  }));
  CHECK_THAT(asked.annotate(asked.carol, {"curfew.dev/revoke=enough"}),
             Refused("carol is not an approver of AccessPolicy " + asked.policy));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
}

TEST_CASE("an approver in 200 groups is known by one of them", "[guard]") {
  Asked asked;
  std::vector<std::string> groups;
  for (int i = 0; i < 199; ++i) groups.push_back("team-" + std::to_string(i));
  groups.emplace_back("sre");
  REQUIRE_THAT(asked.annotate(asked.cluster.somebody("busy", groups), {"curfew.dev/approve=ok"}), Succeeds());
  CHECK(asked.decisions()[0]["groups"].size() == 201);
}

TEST_CASE("a long list of people is left out of the sentence rather than turned into an expression",
          "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  std::string people = "[";
  for (int i = 0; i < 64; ++i)
    people += "{kind: User, name: " + std::string(200, 'x') + std::to_string(i) + "}, ";
  people.replace(people.size() - 2, 2, "]");
  const std::string policy = space.policy(
      "{requesters: " + people +
      ", roles: [{kind: ClusterRole, name: view}], namespaces: {selector: {}}, duration: {max: 1h}, approval: {required: 0}}");
  CHECK_THAT(cluster.as("dave").apply(space.request("ask", "{policy: " + policy + "}")),
             Refused("you are not among the people whom the AccessPolicy lists for this"));
}
