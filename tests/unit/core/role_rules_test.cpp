#include "core/policy/role_rules.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "api/codec.hpp"

using namespace curfew;
using namespace curfew::core;

namespace {

using Rules = std::vector<api::PolicyRule>;
using Names = std::vector<std::string>;

api::PolicyRule rule(Names groups, Names resources, Names verbs) {
  return {.api_groups = std::move(groups),
          .resources = std::move(resources),
          .verbs = std::move(verbs),
          .resource_names = {},
          .non_resource_urls = {}};
}

Rules some_rules() {
  return {rule({"", "apps"}, {"pods", "deployments"}, {"get", "list"}), rule({"batch"}, {"jobs"}, {"get"})};
}

}  // namespace

TEST_CASE("the order of rules, and the order and repetition within them, mean nothing") {
  const std::string hash = rules_hash(some_rules());
  CHECK(hash.starts_with("sha256:"));
  CHECK(hash.size() == 7 + 64);
  Rules rules = some_rules();
  SECTION("the same again") {}
  SECTION("rules in another order") {
    std::ranges::reverse(rules);
  }
  SECTION("verbs in another order") {
    std::ranges::reverse(rules[0].verbs);
  }
  SECTION("resources in another order") {
    std::ranges::reverse(rules[0].resources);
  }
  SECTION("groups in another order") {
    std::ranges::reverse(rules[0].api_groups);
  }
  SECTION("a verb said twice") {
    rules[0].verbs.emplace_back("get");
  }
  SECTION("a rule said twice") {
    rules.push_back(rules[1]);
  }
  CHECK(rules_hash(rules) == hash);
}

TEST_CASE("any field that differs makes another hash") {
  const auto change = GENERATE(values<std::function<void(Rules&)>>({
      [](Rules& rules) { rules[0].verbs.emplace_back("delete"); },
      [](Rules& rules) { rules[0].verbs.pop_back(); },
      [](Rules& rules) { rules[0].resources[0] = "pods/log"; },
      [](Rules& rules) { rules[0].api_groups[0] = "*"; },
      [](Rules& rules) { rules[0].resource_names = {"web"}; },
      [](Rules& rules) { rules[0].non_resource_urls = {"/metrics"}; },
      [](Rules& rules) { rules.pop_back(); },
      [](Rules& rules) { rules.push_back(rule({""}, {"secrets"}, {"get"})); },
      [](Rules& rules) { std::swap(rules[0].verbs, rules[0].resources); },
      [](Rules& rules) {
        rules[0].verbs = {"get,list"};
      },  // one verb with a comma is not a list of two verbs
      [](Rules& rules) { rules[0].verbs = {"get\",\"list"}; },
      [](Rules& rules) { rules.clear(); },
  }));
  Rules rules = some_rules();
  change(rules);
  CHECK(rules_hash(rules) != rules_hash(some_rules()));
}

TEST_CASE("what two rules allow together is not what one allows") {
  const Rules one{rule({""}, {"pods", "secrets"}, {"get", "delete"})};
  const Rules two{rule({""}, {"pods"}, {"get"}), rule({""}, {"secrets"}, {"delete"})};
  CHECK(rules_hash(one) != rules_hash(two));
}

TEST_CASE("a role without rules has a hash as well, and text that is not UTF-8 does no harm") {
  CHECK(rules_hash({}) == rules_hash({}));
  CHECK(rules_hash(Rules{rule({""}, {"\xff"}, {"get"})}) != rules_hash({}));
}

TEST_CASE("reading, and acting within the grant's time, outlives nothing") {
  CHECK(outliving_powers({}).empty());
  CHECK(outliving_powers(Rules{rule({""}, {"pods", "configmaps", "serviceaccounts", "nodes"},
                                    {"get", "list", "watch", "delete", "deletecollection"})})
            .empty());
  CHECK(outliving_powers(Rules{rule({""},
                                    {"pods/portforward", "pods/log", "pods/eviction", "pods/status",
                                     "configmaps", "services"},
                                    {"create", "get", "update"})})
            .empty());
  CHECK(outliving_powers(Rules{rule({""}, {"secrets", "serviceaccounts/token"}, {"delete"})}).empty());
  CHECK(outliving_powers(Rules{rule({"apps"}, {"deployments", "deployments/scale", "deployments/status"},
                                    {"get", "delete"}),
                               rule({"apps"}, {"deployments/scale"}, {"update", "patch"})})
            .empty());
  CHECK(outliving_powers(Rules{rule({"rbac.authorization.k8s.io"}, {"roles", "rolebindings", "clusterroles"},
                                    {"get", "list", "delete"})})
            .empty());
  CHECK(outliving_powers(Rules{rule({"certificates.k8s.io"}, {"certificatesigningrequests", "signers"},
                                    {"get", "list", "delete"})})
            .empty());
  CHECK(outliving_powers(Rules{rule({"curfew.dev"}, {"accessrequests", "accesspolicies"}, {"get", "delete"}),
                               rule({"curfew.dev"}, {"accessrequests"}, {"create", "patch"})})
            .empty());
}

TEST_CASE("a kind that only has the name of one of Kubernetes' counts for nothing") {
  const std::string resource = GENERATE("pods", "secrets", "users", "signers", "rolebindings", "jobs",
                                        "deployments", "accesspolicies", "mutatingwebhookconfigurations");
  CAPTURE(resource);
  CHECK(outliving_powers(Rules{rule({"example.com"}, {resource},
                                    {"create", "patch", "update", "get", "impersonate", "bind", "sign"})})
            .empty());
}

// Each verb alone, then beside a meaningless one: exactly that power is reported.
TEST_CASE("each power with which access can be kept is named, whatever else the role allows") {
  struct Case {
    std::string group;
    std::string resource;
    Names verbs;
  };
  const Names write{"create", "patch", "update"};
  const Names write_role{"bind", "create", "escalate", "patch", "update"};
  const auto& [group, resource, verbs] = GENERATE_COPY(values<Case>({
      {"", "serviceaccounts/token", {"create"}},
      {"", "secrets", {"create", "get", "list", "patch", "update", "watch"}},
      {"certificates.k8s.io", "certificatesigningrequests", {"create"}},
      {"certificates.k8s.io", "certificatesigningrequests/approval", {"patch", "update"}},
      {"certificates.k8s.io", "certificatesigningrequests/status", {"patch", "update"}},
      {"certificates.k8s.io", "signers", {"approve", "sign"}},
      {"", "pods", write},
      {"", "pods/ephemeralcontainers", {"patch", "update"}},
      {"", "pods/exec", {"create", "get"}},
      {"", "pods/attach", {"create", "get"}},
      {"", "nodes/proxy", {"create", "get"}},
      {"", "replicationcontrollers", write},
      {"apps", "deployments", write},
      {"apps", "daemonsets", write},
      {"apps", "statefulsets", write},
      {"apps", "replicasets", write},
      {"batch", "jobs", write},
      {"batch", "cronjobs", write},
      {"rbac.authorization.k8s.io", "rolebindings", write},
      {"rbac.authorization.k8s.io", "clusterrolebindings", write},
      {"rbac.authorization.k8s.io", "roles", write_role},
      {"rbac.authorization.k8s.io", "clusterroles", write_role},
      {"curfew.dev", "accesspolicies", write},
      {"", "users", {"impersonate"}},
      {"", "groups", {"impersonate"}},
      {"", "serviceaccounts", {"impersonate"}},
      {"authentication.k8s.io", "users", {"impersonate", "impersonate:user-info"}},
      {"authentication.k8s.io", "groups", {"impersonate", "impersonate:user-info"}},
      {"authentication.k8s.io", "uids", {"impersonate", "impersonate:user-info"}},
      {"authentication.k8s.io", "userextras", {"impersonate", "impersonate:user-info"}},
      {"authentication.k8s.io", "serviceaccounts", {"impersonate:serviceaccount"}},
      {"authentication.k8s.io", "nodes", {"impersonate:arbitrary-node", "impersonate:associated-node"}},
      {"admissionregistration.k8s.io", "mutatingwebhookconfigurations", write},
      {"admissionregistration.k8s.io", "validatingwebhookconfigurations", write},
      {"admissionregistration.k8s.io", "mutatingadmissionpolicies", write},
      {"admissionregistration.k8s.io", "mutatingadmissionpolicybindings", write},
      {"admissionregistration.k8s.io", "validatingadmissionpolicies", write},
      {"admissionregistration.k8s.io", "validatingadmissionpolicybindings", write},
      {"apiregistration.k8s.io", "apiservices", write},
  }));
  CAPTURE(group, resource);
  std::string all;
  for (const std::string& verb : verbs) {
    CAPTURE(verb);
    CHECK(outliving_powers(Rules{rule({group}, {resource}, {verb})}) == Names{verb + " " + resource});
    CHECK(outliving_powers(Rules{rule({"", "example.com"}, {"configmaps", "things"}, {"*"}),
                                 rule({group, "other.io"}, {"things", resource},
                                      {"deletecollection", verb})}) == Names{verb + " " + resource});
    all += (all.empty() ? "" : "/") + verb;
  }
  CHECK(outliving_powers(Rules{rule({group}, {resource}, {"*"})}) == Names{all + " " + resource});
  CHECK(outliving_powers(Rules{rule({group}, {resource}, verbs)}) == Names{all + " " + resource});
}

TEST_CASE(
    "acting as somebody else is named, on whatever it is allowed, and extra fields of an identity as well") {
  CHECK(outliving_powers(Rules{rule({"apps"}, {"deployments"}, {"impersonate-on:user-info:list"})}) ==
        Names{"impersonate-on:*"});
  CHECK(outliving_powers(Rules{rule(
            {""}, {"pods"}, {"impersonate-on:serviceaccount:get", "impersonate-on:serviceaccount:list"})}) ==
        Names{"impersonate-on:*"});
  CHECK(outliving_powers(
            Rules{rule({"authentication.k8s.io"}, {"userextras/scopes"}, {"impersonate:user-info"})}) ==
        Names{"impersonate:user-info userextras"});
}

TEST_CASE("a power that two rules give is named once, and verbs of two rules together") {
  CHECK(outliving_powers(Rules{rule({""}, {"pods"}, {"create"}), rule({""}, {"pods"}, {"create", "list"})}) ==
        Names{"create pods"});
  CHECK(outliving_powers(Rules{rule({""}, {"pods"}, {"update"}), rule({""}, {"pods"}, {"create"})}) ==
        Names{"create/update pods"});
  CHECK(outliving_powers(Rules{rule({"", "authentication.k8s.io"}, {"users"}, {"impersonate"})}) ==
        Names{"impersonate users"});
}

TEST_CASE("group, resource and verb have to stand in one rule") {
  CHECK(
      outliving_powers(Rules{rule({""}, {"pods"}, {"get"}), rule({""}, {"configmaps"}, {"create"})}).empty());
  CHECK(outliving_powers(Rules{rule({""}, {"deployments"}, {"create"}), rule({"apps"}, {"pods"}, {"create"})})
            .empty());
}

TEST_CASE("a wildcard gives what it covers") {
  CHECK(outliving_powers(Rules{rule({"*"}, {"*"}, {"*"})}) == Names{"everything"});
  CHECK(outliving_powers(Rules{rule({""}, {"pods"}, {"get"}), rule({"*", "apps"}, {"*"}, {"get", "*"})}) ==
        Names{"everything"});
  CHECK(outliving_powers(Rules{rule({""}, {"pods"}, {"*"})}) == Names{"create/patch/update pods"});
  CHECK(outliving_powers(Rules{rule({"*"}, {"secrets"}, {"create"})}) == Names{"create secrets"});
  CHECK(outliving_powers(Rules{rule({""}, {"*/token"}, {"create"})}) ==
        Names{"create serviceaccounts/token"});
  CHECK(outliving_powers(Rules{rule({""}, {"*/log"}, {"create"})}).empty());
  CHECK(outliving_powers(
            Rules{rule({"*"}, {"*/approval", "*/ephemeralcontainers", "*/proxy"}, {"get", "update"})}) ==
        Names{"update certificatesigningrequests/approval", "update pods/ephemeralcontainers",
              "get nodes/proxy"});
  CHECK(outliving_powers(Rules{rule({""}, {"*"}, {"get", "list", "watch"})}) ==
        Names{"get/list/watch secrets", "get pods/exec", "get pods/attach", "get nodes/proxy"});
  const Names all_core = outliving_powers(Rules{rule({""}, {"*"}, {"create"})});
  CHECK(std::set(all_core.begin(), all_core.end()) ==
        std::set<std::string>{"create serviceaccounts/token", "create secrets", "create pods",
                              "create pods/exec", "create pods/attach", "create nodes/proxy",
                              "create replicationcontrollers"});
}

// The rules of the default roles of Kubernetes 1.36, as an API server stores them.
TEST_CASE("of the roles that Kubernetes ships, view lets nobody keep access and the others do") {
  std::ifstream file(CURFEW_SOURCE_DIR "/tests/cases/kubernetes-roles.json");
  std::map<std::string, Names> powers;
  for (const auto& json : nlohmann::json::parse(file)) {
    const auto role = api::decode<api::ClusterRole>(json);
    REQUIRE(role);
    REQUIRE_FALSE(role->rules.empty());
    powers[role->metadata.name] = outliving_powers(role->rules);
  }
  CHECK(powers.at("view").empty());
  CHECK(powers.at("cluster-admin") == Names{"everything"});
  for (const std::string power :
       {"create serviceaccounts/token", "create/get/list/patch/update/watch secrets",
        "create/patch/update pods", "create/get pods/exec", "create/patch/update deployments",
        "create/patch/update cronjobs", "impersonate serviceaccounts"}) {
    CAPTURE(power);
    CHECK(std::ranges::find(powers.at("edit"), power) != powers.at("edit").end());
    CHECK(std::ranges::find(powers.at("admin"), power) != powers.at("admin").end());
  }
  const std::string bindings = "create/patch/update rolebindings";
  CHECK(std::ranges::find(powers.at("admin"), bindings) != powers.at("admin").end());
  CHECK(std::ranges::find(powers.at("edit"), bindings) == powers.at("edit").end());
}

// Unlike most creations, these are authorized for an object that already has a name.
TEST_CASE("a rule about certain names counts like one about all") {
  const auto named = [](api::PolicyRule it) {
    it.resource_names = {"deployer"};
    return Rules{std::move(it)};
  };
  CHECK(outliving_powers(named(rule({""}, {"serviceaccounts/token"}, {"create"}))) ==
        Names{"create serviceaccounts/token"});
  CHECK(outliving_powers(named(rule({""}, {"users"}, {"impersonate"}))) == Names{"impersonate users"});
  CHECK(outliving_powers(named(rule({"apps"}, {"deployments"}, {"patch"}))) == Names{"patch deployments"});
  CHECK(outliving_powers(named(rule({"rbac.authorization.k8s.io"}, {"clusterroles"}, {"bind"}))) ==
        Names{"bind clusterroles"});
}
