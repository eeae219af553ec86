#include "reconcile/facts.hpp"

#include "core/policy/role_rules.hpp"
#include "unit/reconcile/reconcile_test.hpp"

namespace {

const api::PolicyRule kMakesPods{.api_groups = {""},
                                 .resources = {"pods"},
                                 .verbs = {"create"},
                                 .resource_names = {},
                                 .non_resource_urls = {}};
const api::PolicyRule kMakesSecrets{.api_groups = {""},
                                    .resources = {"secrets"},
                                    .verbs = {"*"},
                                    .resource_names = {},
                                    .non_resource_urls = {}};

reconcile::RoleSummary role(const std::string& ns, std::vector<api::PolicyRule> rules,
                            const std::string& version = "7") {
  auto made = role_named<api::Role>("deployer", ns);
  made.metadata.uid = "role-in-" + ns;
  made.metadata.resource_version = version;
  made.rules = std::move(rules);
  return reconcile::summary_of(made);
}

api::Namespace labelled(const std::string& name, const std::string& team) {
  auto made = namespace_with({{"team", team}}, name);
  made.metadata.resource_version = "3";
  return made;
}

const api::RoleRef kDeployer{.kind = "Role", .name = "deployer"};

}  // namespace

TEST_CASE("a role's facts are those of the version that there is") {
  reconcile::Stores stores;
  CHECK_FALSE(reconcile::role_facts(stores, kDeployer, "payments"));
  deliver(stores.roles, role("payments", {kMakesPods}));
  REQUIRE(reconcile::role_facts(stores, kDeployer, "payments"));
  CHECK(reconcile::role_facts(stores, kDeployer, "payments")->uid == "role-in-payments");
  CHECK(reconcile::role_facts(stores, kDeployer, "payments")->rules_hash ==
        core::rules_hash(std::vector{kMakesPods}));
  CHECK_FALSE(reconcile::role_facts(stores, kDeployer, "shop"));
  deliver(stores.roles, role("payments", {kMakesSecrets}, "8"));
  CHECK(reconcile::role_facts(stores, kDeployer, "payments")->rules_hash ==
        core::rules_hash(std::vector{kMakesSecrets}));
}

TEST_CASE("an aggregated ClusterRole is known as one") {
  reconcile::Stores stores;
  auto view = role_named<api::ClusterRole>("view");
  view.is_aggregated = true;
  deliver(stores.cluster_roles, reconcile::summary_of(view));
  CHECK(reconcile::role_facts(stores, {.kind = "ClusterRole", .name = "view"}, "payments")->is_aggregated);
}

TEST_CASE("what outlives a grant is looked for in every Role that the policy can reach") {
  reconcile::Stores stores;
  deliver(stores.namespaces, labelled("payments", "payments"));
  deliver(stores.namespaces, labelled("shop", "shop"));
  deliver(stores.roles, role("payments", {kMakesPods}));
  deliver(stores.roles, role("shop", {kMakesSecrets}));
  auto policy = policy_with({{"roles", {{{"kind", "Role"}, {"name", "deployer"}}}}});
  SECTION("by name") {
    policy.spec.namespaces.names = {"payments"};
    CHECK(reconcile::outliving_powers(stores, policy, kDeployer) == std::vector<std::string>{"create pods"});
  }
  SECTION("by label") {
    policy.spec.namespaces.selector =
        api::LabelSelector{.match_labels = {{"team", "shop"}}, .match_expressions = {}};
    CHECK(reconcile::outliving_powers(stores, policy, kDeployer) ==
          std::vector<std::string>{"create/get/list/patch/update/watch secrets"});
  }
  SECTION("everywhere") {
    policy.spec.namespaces.selector = api::LabelSelector{};
    CHECK(reconcile::outliving_powers(stores, policy, kDeployer) ==
          std::vector<std::string>{"create pods", "create/get/list/patch/update/watch secrets"});
  }
}

TEST_CASE(
    "live requests are counted for each policy that exists; those that nobody has looked at yet are Pending") {
  reconcile::Stores stores;
  for (const char* name : {"debug", "idle"}) {
    auto policy = policy_with({}, name);
    policy.metadata.resource_version = "1";
    deliver(stores.policies, policy);
  }
  const auto ask = [&](const std::string& name, const std::string& policy, std::optional<api::Phase> phase) {
    auto asked = request(name);
    asked.metadata.resource_version = "1";
    asked.spec.policy = policy;
    asked.status.phase = phase;
    deliver(stores.requests, asked);
  };
  ask("a", "debug", std::nullopt);
  ask("b", "debug", api::Phase::Pending);
  ask("c", "debug", api::Phase::Active);
  ask("d", "nowhere", api::Phase::Pending);
  CHECK(reconcile::live_requests(stores) ==
        telemetry::Metrics::LiveRequests{
            {{"debug", "Namespaced"}, {{api::Phase::Pending, 2}, {api::Phase::Active, 1}}},
            {{"idle", "Namespaced"}, {}}});
}
