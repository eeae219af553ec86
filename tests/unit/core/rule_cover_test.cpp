#include "core/policy/rule_cover.hpp"

#include <nlohmann/json.hpp>

#include "core_test.hpp"
#include "unit/support/decoded.hpp"

namespace {

using Json = nlohmann::json;

std::vector<api::PolicyRule> decoded_rules(const char* json) {
  return testing::decoded<api::ClusterRole>({{"metadata", {{"name", "any"}}}, {"rules", Json::parse(json)}})
      .rules;
}

}  // namespace

TEST_CASE("rules cover those that allow no more, and no others") {
  struct Case {
    const char* held;
    const char* wanted;
    bool covered;
  };
  const auto [held, wanted, covered] = GENERATE(values<Case>({
      {R"([])", R"([])", true},
      {R"([])", R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])", false},
      {R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])",
       R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])", true},
      {R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])",
       R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])", false},
      // Together, by two rules.
      {R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}, {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])",
       R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])", true},
      {R"([{"apiGroups": ["apps"], "resources": ["pods"], "verbs": ["get"]}])",
       R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])", false},
      {R"([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])",
       R"([{"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]}])", true},
      {R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])",
       R"([{"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}])", false},
      {R"([{"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["get"]}])",
       R"([{"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get"]}])", true},
      {R"([{"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["get"]}])",
       R"([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}])", false},
      // Names.
      {R"([{"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a", "b"], "verbs": ["get"]}])",
       R"([{"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"]}])", true},
      {R"([{"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"]}])",
       R"([{"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a", "b"], "verbs": ["get"]}])",
       false},
      {R"([{"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"]}])",
       R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])", false},
      // Paths.
      {R"([{"nonResourceURLs": ["/healthz/*"], "verbs": ["get"]}])",
       R"([{"nonResourceURLs": ["/healthz/etcd"], "verbs": ["get"]}])", true},
      {R"([{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}])",
       R"([{"nonResourceURLs": ["/healthz", "/metrics"], "verbs": ["get"]}])", false},
  }));
  CAPTURE(held, wanted);
  CHECK(cover(decoded_rules(held), decoded_rules(wanted)) == covered);
}
