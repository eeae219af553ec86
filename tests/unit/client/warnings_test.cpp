#include "client/warnings.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "client/candidates.hpp"
#include "client/explain.hpp"
#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;
using nlohmann::json;

namespace {

const std::string kUnbindable = "Curfew may not bind ClusterRole viewer; make the role grantable";

// Offers view and viewer, not Ready for that reason.
json not_ready(const std::string& reason, const std::string& message) {
  json more = json::parse(R"({
    "spec": {"roles": [{"kind": "ClusterRole", "name": "view"}, {"kind": "ClusterRole", "name": "viewer"}]},
    "status": {"conditions": [
      {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:00:00Z"},
      {"type": "RoleNotBindable", "status": "True", "reason": "RoleNotBindable",
       "lastTransitionTime": "2026-01-01T00:00:00Z"}]}})");
  more["status"]["conditions"][0]["reason"] = reason;
  more["status"]["conditions"][0]["message"] = message;
  more["status"]["conditions"][1]["message"] = kUnbindable;
  return a_policy("debug", more);
}

json asking_for(const std::string& role) {
  return a_request("fix", {{"spec", {{"role", {{"kind", "ClusterRole"}, {"name", role}}}}}});
}

client::Explanation explained(const json& policy, const std::string& role) {
  World world;
  world.cluster->add(policy);
  world.cluster->add(a_cluster_role("view"));
  world.cluster->add(a_cluster_role("viewer"));
  world.cluster->add(asking_for(role));
  auto found = client::explain(world.session(), {"payments", "fix"});
  REQUIRE(found);
  return *found;
}

bool is_ready(const client::Explanation& explanation) {
  const auto found = std::ranges::find(explanation.findings, "policy-ready", &core::Finding::check);
  REQUIRE(found != explanation.findings.end());
  return found->outcome == core::Finding::Outcome::Passed;
}

}  // namespace

TEST_CASE("whoever asks for a role that Curfew may not bind is warned, and others are not") {
  const json policy = not_ready("RoleNotBindable", kUnbindable);
  CHECK(explained(policy, "viewer").warnings == std::vector{kUnbindable});
  CHECK(explained(policy, "view").warnings.empty());
  CHECK(is_ready(explained(policy, "viewer")));
  CHECK(is_ready(explained(policy, "view")));
}

TEST_CASE("roles that Curfew may not bind hide no other problem of the policy") {
  CHECK(is_ready(
      explained(not_ready("RoleNotFound", "ClusterRole viewer does not exist; " + kUnbindable), "view")));
  CHECK_FALSE(is_ready(
      explained(not_ready("RoleNotFound", "ClusterRole view does not exist; " + kUnbindable), "view")));
  CHECK_FALSE(is_ready(explained(not_ready("DurationInvalid", "spec.duration.max; " + kUnbindable), "view")));
}

TEST_CASE("a policy with a role that Curfew may not bind can be asked under") {
  World world;
  world.cluster->add(not_ready("RoleNotBindable", kUnbindable));
  world.cluster->add(a_cluster_role("view"));
  world.cluster->add(a_cluster_role("viewer"));
  const auto all = client::find_candidates(world.session(), {});
  REQUIRE(all);
  CHECK(client::fitting_of(*all).size() == 2);
}
