#include "core/policy/rule_scope.hpp"

#include <nlohmann/json.hpp>

#include "core/policy/policy_status.hpp"
#include "core_test.hpp"
#include "unit/support/decoded.hpp"

namespace {

using Json = nlohmann::json;
using Parts = std::vector<std::string>;

const ResourceScopes kScopes{
    {"",
     {.namespaced = {"pods", "services"}, .cluster_scoped = {"namespaces", "nodes", "persistentvolumes"}}},
    {"rbac.authorization.k8s.io", {.namespaced = {"roles"}, .cluster_scoped = {"clusterroles"}}},
    {"node.k8s.io", {.namespaced = {}, .cluster_scoped = {"runtimeclasses"}}}};

std::vector<api::PolicyRule> rules_from(const char* json) {
  return testing::decoded<api::ClusterRole>({{"metadata", {{"name", "any"}}}, {"rules", Json::parse(json)}})
      .rules;
}

ClusterScopedRules scoped(const char* json) {
  return cluster_scoped(rules_from(json), kScopes);
}

}  // namespace

TEST_CASE("what rules allow beyond a namespace is found, and nothing else") {
  struct Case {
    const char* rules;
    Parts what;
    bool is_everything;
  };
  const auto [rules, what, is_everything] = GENERATE(values<Case>({
      {R"([{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get"]}])", {}, false},
      {R"([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}])",
       {"nodes"},
       true},
      {R"([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["*"]}])", {"nodes"}, true},
      {R"([{"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]}])", {"nodes/proxy"}, true},
      // The part that gives nothing.
      {R"([{"apiGroups": [""], "resources": ["nodes", "pods", "persistentvolumes"], "verbs": ["get"]}])",
       {"nodes", "persistentvolumes"},
       false},
      // A namespace is in itself, but lists of namespaces are not.
      {R"([{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "watch"]}])", {}, false},
      {R"([{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["*"]}])", {}, false},
      {R"([{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list", "watch"]}])",
       {"namespaces"},
       true},
      {R"([{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}, {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"]}])",
       {},
       false},
      // Verbs that are checked in the namespace of another object.
      {R"([{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["bind"]}])",
       {},
       false},
      // What is not known.
      {R"([{"apiGroups": [""], "resources": ["users"], "verbs": ["get"]}])", {}, false},
      {R"([{"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"]}])", {}, false},
      {R"([{"apiGroups": ["*"], "resources": ["nodes"], "verbs": ["get"]}])", {}, false},
      // Paths.
      {R"([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}])", {"/metrics"}, true},
      {R"([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}, {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])",
       {"/metrics"},
       false},
      // All of something, as in cluster-admin.
      {R"([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}])",
       {},
       false},
      {R"([{"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}])", {}, false},
      {R"([{"apiGroups": ["node.k8s.io"], "resources": ["*"], "verbs": ["get"]}])", {"*.node.k8s.io"}, true},
  }));
  CAPTURE(rules);
  CHECK(scoped(rules).what == what);
  CHECK(scoped(rules).is_everything == is_everything);
}

TEST_CASE("a role without rules allows nothing beyond a namespace") {
  CHECK(scoped("[]").what.empty());
}

TEST_CASE("the groups of rules are those whose resources have to be known") {
  CHECK(groups_of(rules_from(R"([{"apiGroups": ["", "apps", "*"], "resources": ["nodes"], "verbs": ["get"]},
                                 {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}])")) ==
        std::set<std::string>{"", "apps"});
  const auto rules = rules_from(R"([{"apiGroups": [""], "resources": ["nodes", "*"], "verbs": ["get"]}])");
  CHECK_FALSE(has_unknown_resource(rules, "", kScopes.at("")));
  CHECK(has_unknown_resource(rules, "", {}));
  CHECK_FALSE(has_unknown_resource(rules, "apps", {}));
}

TEST_CASE("roles with rules beyond a namespace are named with these rules") {
  const std::vector<RoleBeyondNamespace> roles{
      {.role = cluster_role("reader"),
       .rules = {.what = {"nodes", "persistentvolumes"}, .is_everything = false}},
      {.role = cluster_role("scraper"), .rules = {.what = {"/metrics"}, .is_everything = true}}};
  CHECK(
      describe(roles) ==
      "Curfew grants roles in a namespace, where these rules give nothing: nodes, persistentvolumes of ClusterRole "
      "reader; /metrics, which is all of ClusterRole scraper");
  RoleBeyondNamespace many{.role = cluster_role("many"), .rules = {}};
  for (int i = 0; i < 20; ++i) many.rules.what.push_back("r" + std::to_string(i));
  CHECK(describe(std::vector{many}).ends_with("r6, r7 and 12 more of ClusterRole many"));
}

TEST_CASE("a policy warns of rules beyond a namespace, and works nevertheless") {
  const PolicyFacts facts{.cluster_role_exists = [](const std::string&) { return true; },
                          .time_zone = nullptr};
  const std::vector<RoleBeyondNamespace> nodes{
      {.role = cluster_role("reader"), .rules = {.what = {"nodes"}, .is_everything = true}}};
  auto policy = a_policy();
  const auto status_with = [&](std::optional<std::vector<RoleBeyondNamespace>> found) {
    return policy_status(
        {.policy = policy, .facts = facts, .beyond_namespace = std::move(found), .now = kNow + 5ms});
  };
  policy.status = status_with(nodes);
  CHECK(api::find_condition(policy.status.conditions, "Ready")->status == "True");
  const auto* warning = api::find_condition(policy.status.conditions, "ClusterScopedRules");
  REQUIRE(warning != nullptr);
  CHECK(*warning ==
        api::Condition{"ClusterScopedRules", "True", "ClusterScopedRules", describe(nodes), 3, kNow});
  CHECK(status_with(std::nullopt) == policy.status);
  policy.status = status_with(std::vector<RoleBeyondNamespace>());
  CHECK(api::find_condition(policy.status.conditions, "ClusterScopedRules") == nullptr);
}
