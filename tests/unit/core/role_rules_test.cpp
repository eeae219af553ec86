#include "core/role_rules.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>
#include <set>

using namespace curfew;
using namespace curfew::core;

namespace {

using Rules = std::vector<api::PolicyRule>;
using Names = std::vector<std::string>;

api::PolicyRule rule(Names groups, Names resources, Names verbs) {
  return {.api_groups = std::move(groups), .resources = std::move(resources), .verbs = std::move(verbs), .resource_names = {}, .non_resource_urls = {}};
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
  SECTION("rules in another order") { std::ranges::reverse(rules); }
  SECTION("verbs in another order") { std::ranges::reverse(rules[0].verbs); }
  SECTION("resources in another order") { std::ranges::reverse(rules[0].resources); }
  SECTION("groups in another order") { std::ranges::reverse(rules[0].api_groups); }
  SECTION("a verb said twice") { rules[0].verbs.emplace_back("get"); }
  SECTION("a rule said twice") { rules.push_back(rules[1]); }
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
      [](Rules& rules) { rules[0].verbs = {"get,list"}; },  // what is written together is not the same as a list
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
  CHECK(outliving_powers(Rules{rule({""}, {"pods", "secrets", "serviceaccounts/token"}, {"get", "list", "watch", "delete"})}).empty());
  CHECK(outliving_powers(Rules{rule({""}, {"pods/exec", "pods/log", "configmaps"}, {"create", "get"})}).empty());
  CHECK(outliving_powers(Rules{rule({"example.com"}, {"pods", "secrets"}, {"create"})}).empty());
}

TEST_CASE("each power with which access can be kept is named") {
  CHECK(outliving_powers(Rules{rule({""}, {"serviceaccounts/token"}, {"create"})}) == Names{"create serviceaccounts/token"});
  CHECK(outliving_powers(Rules{rule({""}, {"secrets", "pods"}, {"create"})}) == Names{"create secrets", "create pods"});
  CHECK(outliving_powers(Rules{rule({"apps"}, {"deployments"}, {"create"})}) == Names{"create deployments"});
  CHECK(outliving_powers(Rules{rule({"batch"}, {"jobs", "cronjobs"}, {"create"})}) == Names{"create jobs", "create cronjobs"});
  CHECK(outliving_powers(Rules{rule({"rbac.authorization.k8s.io"}, {"rolebindings"}, {"create"})}) == Names{"create rolebindings"});
  CHECK(outliving_powers(Rules{rule({""}, {"users", "groups"}, {"impersonate"})}) == Names{"impersonate users", "impersonate groups"});
}

TEST_CASE("a power that two rules give is named once") {
  CHECK(outliving_powers(Rules{rule({""}, {"secrets"}, {"create"}), rule({""}, {"secrets"}, {"create", "get"})}) == Names{"create secrets"});
}

TEST_CASE("group, resource and verb have to stand in one rule") {
  CHECK(outliving_powers(Rules{rule({""}, {"secrets"}, {"get"}), rule({""}, {"configmaps"}, {"create"})}).empty());
}

TEST_CASE("a wildcard gives what it covers") {
  CHECK(outliving_powers(Rules{rule({"*"}, {"*"}, {"*"})}).size() == 15);
  CHECK(outliving_powers(Rules{rule({""}, {"secrets"}, {"*"})}) == Names{"create secrets"});
  CHECK(outliving_powers(Rules{rule({"*"}, {"secrets"}, {"create"})}) == Names{"create secrets"});
  CHECK(outliving_powers(Rules{rule({""}, {"*/token"}, {"create"})}) == Names{"create serviceaccounts/token"});
  CHECK(outliving_powers(Rules{rule({""}, {"*/log"}, {"create"})}).empty());
  const Names all_core = outliving_powers(Rules{rule({""}, {"*"}, {"create"})});
  CHECK(std::set(all_core.begin(), all_core.end()) == std::set<std::string>{"create serviceaccounts/token", "create secrets", "create pods", "create replicationcontrollers"});
}

// Unlike most creations, these two are asked of something that has its name already.
TEST_CASE("a rule about certain names gives a token of those, and the identity of those") {
  const auto named = [](api::PolicyRule it) {
    it.resource_names = {"deployer"};
    return Rules{std::move(it)};
  };
  CHECK(outliving_powers(named(rule({""}, {"serviceaccounts/token"}, {"create"}))) == Names{"create serviceaccounts/token"});
  CHECK(outliving_powers(named(rule({""}, {"users"}, {"impersonate"}))) == Names{"impersonate users"});
}
