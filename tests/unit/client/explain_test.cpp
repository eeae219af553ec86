#include "client/explain.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;
using CheckOutcome = core::Finding::Outcome;
using nlohmann::json;

namespace {

CheckOutcome outcome_of(const client::Explanation& explanation, std::string_view check) {
  const auto found = std::ranges::find(explanation.findings, check, &core::Finding::check);
  REQUIRE(found != explanation.findings.end());
  return found->outcome;
}

const json kByLabel =
    json::parse(R"({"spec": {"namespaces": {"names": null, "selector": {"matchLabels": {"team": "a"}}}}})");
const json kPinned = json::parse(R"({"status": {"roleUID": "uid-of-view", "roleRulesHash": "sha256:x"}})");
const json kLimited = json::parse(R"({"spec": {"limits": {"activePerRequester": 1}}})");

}  // namespace

TEST_CASE("what a person may not read is not checked, and the rest is") {
  World world;
  world.cluster->add(a_policy("debug", kByLabel));
  world.cluster->add(a_request("fix", kPinned));
  world.cluster->forbidden = {std::string(kClusterRoles) + "/view", "/api/v1/namespaces/payments"};
  const auto found = client::explain(world.session(), {"payments", "fix"});
  REQUIRE(found);
  CHECK(outcome_of(*found, "namespace-allowed") == CheckOutcome::NotChecked);
  CHECK(outcome_of(*found, "role-unchanged") == CheckOutcome::NotChecked);
  CHECK(outcome_of(*found, "guard-in-force") == CheckOutcome::NotChecked);
  CHECK(outcome_of(*found, "requester-allowed") == CheckOutcome::Passed);
  CHECK(outcome_of(*found, "approvals") == CheckOutcome::Failed);
}

TEST_CASE("a request that is held because the guard is not in force is explained by its Granted condition") {
  World world;
  world.cluster->add(a_policy());
  world.cluster->add(a_cluster_role());
  world.cluster->add(a_request("fix", json::parse(R"({"status": {"conditions": [
      {"type": "Approved", "status": "True", "reason": "Approved", "message": "1/1"},
      {"type": "Granted", "status": "False", "reason": "GuardNotInForce", "message": "curfew-identity is missing"}]}})")));
  const auto found = client::explain(world.session(), {"payments", "fix"});
  REQUIRE(found);
  CHECK(outcome_of(*found, "guard-in-force") == CheckOutcome::Failed);
}

TEST_CASE("namespace and role of a request are read in one call") {
  World world;
  world.cluster->add(a_policy("debug", kByLabel));
  world.cluster->add(a_request());
  REQUIRE(client::explain(world.session(), {"payments", "fix"}));
  CHECK(world.cluster->calls == std::vector<std::string>{std::string("GET ") + kPayments + "/fix",
                                                         std::string("GET ") + kPolicies + "/debug",
                                                         "GET of 2"});
}

TEST_CASE("limits count the subject's other requests under that policy") {
  World world;
  world.cluster->add(a_policy("debug", kLimited));
  world.cluster->add(a_request());
  world.cluster->add(a_cluster_role());
  const auto active = [](const std::string& subject, const std::string& policy) {
    json more = json::parse(R"({"status": {"phase": "Active", "subject": {"kind": "User"}}})");
    more["status"]["subject"]["name"] = subject;
    more["spec"]["policy"] = policy;
    return more;
  };
  world.cluster->add(a_request("of-carol", active("carol", "debug")));
  world.cluster->add(a_request("of-another-policy", active("alice", "other")));
  CHECK(outcome_of(*client::explain(world.session(), {"payments", "fix"}), "active-limit") ==
        CheckOutcome::Passed);
  world.cluster->add(a_request("of-alice", active("alice", "debug")));
  CHECK(outcome_of(*client::explain(world.session(), {"payments", "fix"}), "active-limit") ==
        CheckOutcome::Waits);
  world.cluster->forbidden = {kRequests};
  CHECK(outcome_of(*client::explain(world.session(), {"payments", "fix"}), "active-limit") ==
        CheckOutcome::NotChecked);
}

TEST_CASE("a request without a policy is explained, and says what is wrong with its name") {
  World world;
  world.cluster->add(a_request("fix", json::parse(R"({"spec": {"policy": "../x"}})")));
  const auto impossible = client::explain(world.session(), {"payments", "fix"});
  REQUIRE(impossible);
  CHECK_FALSE(impossible->policy_can_exist);
  CHECK(outcome_of(*impossible, "policy-exists") == CheckOutcome::Failed);
  world.cluster->add(a_request());
  CHECK(client::explain(world.session(), {"payments", "fix"})->policy_can_exist);
  world.cluster->forbidden = {std::string(kPolicies) + "/debug"};
  const auto unreadable = client::explain(world.session(), {"payments", "fix"});
  REQUIRE(unreadable);
  CHECK(unreadable->policy_error->kind == ErrorKind::Forbidden);
  CHECK(unreadable->findings.empty());
}

TEST_CASE("of a complete request nothing is checked any more") {
  World world;
  world.cluster->add(a_request("fix", json::parse(R"({"status": {"phase": "Expired", "complete": true}})")));
  const auto found = client::explain(world.session(), {"payments", "fix"});
  REQUIRE(found);
  CHECK(found->request.status.complete);
  CHECK(found->findings.empty());
  CHECK(world.cluster->calls.size() == 1);
}
