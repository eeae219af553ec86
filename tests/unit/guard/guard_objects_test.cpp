#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <functional>

#include "guard/objects.hpp"
#include "unit/guard/guard_golden.hpp"

using namespace curfew;
using namespace curfew::testing;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using Json = nlohmann::json;

namespace {

guard::GuardSpecs live_guard() {
  guard::GuardSpecs live;
  for (const Json& object : golden_guard()) live[guard_id(object)] = guard::with_defaults(object.at("spec"));
  return live;
}

// The difference that the controller reports after this change of a guard object.
std::optional<std::string> after(const std::string& id, const std::function<void(Json&)>& change) {
  auto live = guard::shipped_guard();
  const Json before = live.at(id);
  change(live.at(id));
  REQUIRE(live.at(id) != before);  // otherwise the case tests nothing
  return guard::guard_difference(guard::shipped_guard(), live);
}

}  // namespace

TEST_CASE("the shipped guard is fourteen policies, each with its binding, and four kinds") {
  const auto shipped = guard::shipped_guard();
  CHECK(shipped.size() == 32);
  for (const char* kind : {"accesspolicies", "accessrequests", "clusteraccessrequests", "auditrecords"})
    CHECK(shipped.contains(std::string("CustomResourceDefinition/") + kind + ".curfew.dev"));
  for (const auto& [id, spec] : shipped) {
    CAPTURE(id);
    if (!id.starts_with("ValidatingAdmissionPolicy/")) continue;
    // Ignore where the controller decides again, which must not keep people from asking and revoking.
    const bool is_early_answer = guard::is_optional(id);
    CHECK(spec.at("failurePolicy") == (is_early_answer ? "Ignore" : "Fail"));
    CHECK_FALSE(spec.at("validations").empty());
    const auto binding = shipped.find("ValidatingAdmissionPolicyBinding/" + id.substr(id.find('/') + 1));
    REQUIRE(binding != shipped.end());
    CHECK(binding->second.at("validationActions") == Json{"Deny"});
  }
}

TEST_CASE("what a real API server stores of the guard is what is shipped") {
  const auto shipped = guard::shipped_guard();
  INFO("if the guard was changed on purpose: tests/golden/README.md says how to write guard.json anew");
  const auto live = live_guard();
  REQUIRE(live.size() == shipped.size());
  for (const auto& [id, spec] : shipped) {
    CAPTURE(id);
    REQUIRE(live.contains(id));
    CHECK(live.at(id) == spec);
  }
  CHECK_FALSE(guard::guard_difference(shipped, live));
}

TEST_CASE("repeated line breaks, which depend on what installs the guard, mean nothing") {
  const Json once{{"validations", {{{"expression", "a &&\n  b"}}}}};
  const Json twice{{"validations", {{{"expression", "a &&\n\n\n  b"}}}}};
  CHECK(guard::with_defaults(twice) == guard::with_defaults(once));
  const Json none{{"validations", {{{"expression", "a &&  b"}}}}};
  CHECK(guard::with_defaults(none) != guard::with_defaults(once));
}

TEST_CASE("defaults of a binding's resources are written out") {
  const Json rule{
      {"apiGroups", {"a"}}, {"apiVersions", {"*"}}, {"operations", {"CREATE"}}, {"resources", {"b"}}};
  Json complete_rule = rule;
  complete_rule["scope"] = "*";
  const Json given{{"policyName", "x"},
                   {"validationActions", {"Deny"}},
                   {"matchResources", {{"excludeResourceRules", {rule}}}}};
  Json complete = given;  // as a real API server stores it
  complete["matchResources"] = {{"excludeResourceRules", {complete_rule}},
                                {"matchPolicy", "Equivalent"},
                                {"namespaceSelector", Json::object()},
                                {"objectSelector", Json::object()}};
  CHECK(guard::with_defaults(given) == complete);
}

TEST_CASE("defaults do not replace what is said") {
  const Json said{{"failurePolicy", "Ignore"},
                  {"matchConstraints",
                   {{"matchPolicy", "Exact"},
                    {"namespaceSelector", {{"matchLabels", {{"a", "b"}}}}},
                    {"objectSelector", {{"matchLabels", {{"c", "d"}}}}},
                    {"resourceRules", {{{"scope", "Namespaced"}}}}}}};
  CHECK(guard::with_defaults(said) == said);
  CHECK(guard::with_defaults(Json("no object")) == "no object");
}

TEST_CASE("every weakening of a policy shows") {
  struct Weakening {
    const char* name;
    std::function<void(Json&)> change;
  };
  const Json exempt{{"name", "exempt"}, {"expression", "request.userInfo.username != 'mallory'"}};
  const Json some_rule{{"apiGroups", {"curfew.dev"}},
                       {"apiVersions", {"*"}},
                       {"operations", {"*"}},
                       {"resources", {"*"}},
                       {"scope", "*"}};
  const Json labelled{{"matchLabels", {{"guarded", "true"}}}};
  const Weakening weakenings[] = {
      {"the other failurePolicy",
       [](Json& spec) { spec["failurePolicy"] = spec["failurePolicy"] == "Fail" ? "Ignore" : "Fail"; }},
      {"a validation removed", [](Json& spec) { spec["validations"].erase(0); }},
      {"no validations", [](Json& spec) { spec["validations"] = Json::array(); }},
      {"a validation that always holds", [](Json& spec) { spec["validations"][0]["expression"] = "true"; }},
      {"a match condition added", [&](Json& spec) { spec["matchConditions"].push_back(exempt); }},
      {"resources excluded",
       [&](Json& spec) { spec["matchConstraints"]["excludeResourceRules"] = {some_rule}; }},
      {"a namespace selector", [&](Json& spec) { spec["matchConstraints"]["namespaceSelector"] = labelled; }},
      {"an object selector", [&](Json& spec) { spec["matchConstraints"]["objectSelector"] = labelled; }},
      {"an operation less",
       [](Json& spec) { spec["matchConstraints"]["resourceRules"][0]["operations"].erase(0); }},
      {"another scope",
       [](Json& spec) { spec["matchConstraints"]["resourceRules"][0]["scope"] = "Cluster"; }},
      {"matchPolicy Exact", [](Json& spec) { spec["matchConstraints"]["matchPolicy"] = "Exact"; }},
      {"a parameter kind changed",
       [](Json& spec) { spec["paramKind"] = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}}; }},
      {"emptied", [](Json& spec) { spec = Json::object(); }},
  };
  for (const auto& [id, spec] : guard::shipped_guard()) {
    if (!id.starts_with("ValidatingAdmissionPolicy/")) continue;
    for (const Weakening& weakening : weakenings) {
      CAPTURE(id, weakening.name);
      const auto difference = after(id, weakening.change);
      REQUIRE(difference);
      CHECK_THAT(*difference, StartsWith(id + " is not what this version of Curfew ships"));
    }
  }
}

TEST_CASE("a changed variable shows") {
  const auto difference = after("ValidatingAdmissionPolicy/curfew-identity",
                                [](Json& spec) { spec["variables"][0]["expression"] = "true"; });
  CHECK(difference);
}

TEST_CASE("every weakening of a binding shows") {
  struct Weakening {
    const char* name;
    std::function<void(Json&)> change;
  };
  const Weakening weakenings[] = {
      {"Audit", [](Json& spec) { spec["validationActions"] = {"Audit"}; }},
      {"Warn", [](Json& spec) { spec["validationActions"] = {"Warn"}; }},
      {"another policy", [](Json& spec) { spec["policyName"] = "curfew-nothing"; }},
      {"other parameters",
       [](Json& spec) { spec["paramRef"] = {{"name", "mine"}, {"parameterNotFoundAction", "Allow"}}; }},
      {"some resources",
       [](Json& spec) {
         spec["matchResources"] = {{"namespaceSelector", {{"matchLabels", {{"guarded", "true"}}}}}};
       }},
  };
  for (const auto& [id, spec] : guard::shipped_guard()) {
    if (!id.starts_with("ValidatingAdmissionPolicyBinding/")) continue;
    for (const Weakening& weakening : weakenings) {
      CAPTURE(id, weakening.name);
      CHECK(after(id, weakening.change));
    }
  }
}

TEST_CASE("a parameter selector that leaves policies out shows") {
  CHECK(after("ValidatingAdmissionPolicyBinding/curfew-eligibility",
              [](Json& spec) { spec["paramRef"]["selector"] = {{"matchLabels", {{"a", "b"}}}}; }));
}

TEST_CASE("every change of a kind shows, with its place") {
  struct Change {
    const char* pointer;
    Json value;  // null: removed
    const char* place;
  };
  const std::string id = "CustomResourceDefinition/accessrequests.curfew.dev";
  for (const Change& change : std::vector<Change>{
           {"/versions/0/subresources", nullptr, "(spec.versions[0].subresources)"},
           {"/versions/0/selectableFields", Json::array(), "(spec.versions[0].selectableFields)"},
           {"/versions/0/served", false, "(spec.versions[0].served)"},
           {"/versions/0/schema/openAPIV3Schema",
            {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}},
            "(spec.versions[0].schema.openAPIV3Schema."},
           {"/versions/0/schema/openAPIV3Schema/properties/status/properties/phase/enum/0", "pending",
            ".properties.status.properties.phase.enum[0])"},
           {"/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/0/rule", "true",
            ".properties.spec.x-kubernetes-validations[0].rule)"},
           {"/versions/0/additionalPrinterColumns/0/jsonPath", ".status.message",
            "(spec.versions[0].additionalPrinterColumns[0].jsonPath)"},
           {"/scope", "Cluster", "(spec.scope)"},
           {"/conversion", {{"strategy", "Webhook"}}, "(spec.conversion.strategy)"},
           {"/names/categories", Json::array({"all"}), "(spec.names.categories[0])"},
           {"/preserveUnknownFields", true, "(spec.preserveUnknownFields)"},
       }) {
    CAPTURE(change.pointer);
    const Json::json_pointer pointer(change.pointer);
    const auto difference = after(id, [&](Json& spec) {
      if (change.value.is_null())
        spec[pointer.parent_pointer()].erase(pointer.back());
      else
        spec[pointer] = change.value;
    });
    REQUIRE(difference);
    CHECK_THAT(*difference, StartsWith(id + " is not what this version of Curfew ships (spec.") &&
                                ContainsSubstring(change.place));
    CHECK_THAT(*difference, ContainsSubstring("curfew.dev/allow-change"));
  }
}

TEST_CASE("a missing object shows, whichever it is") {
  for (const auto& [id, spec] : guard::shipped_guard()) {
    CAPTURE(id);
    auto live = guard::shipped_guard();
    live.erase(id);
    const auto difference = guard::guard_difference(guard::shipped_guard(), live);
    REQUIRE(difference);
    CHECK_THAT(*difference, StartsWith(id + " is missing"));
  }
}

TEST_CASE("objects of others do not count") {
  auto live = guard::shipped_guard();
  live["ValidatingAdmissionPolicy/of-somebody-else"] = {{"failurePolicy", "Ignore"}};
  CHECK_FALSE(guard::guard_difference(guard::shipped_guard(), live));
}

TEST_CASE("without the early answers, they may be there or not, and all the others count as before") {
  const auto all = guard::shipped_guard();
  const auto demanded = guard::shipped_guard(false);
  CHECK(demanded.size() == all.size() - 6);
  for (const std::string policy : {"curfew-eligibility", "curfew-extensions", "curfew-cluster-extensions"}) {
    CHECK(all.contains("ValidatingAdmissionPolicy/" + policy));
    CHECK_FALSE(demanded.contains("ValidatingAdmissionPolicy/" + policy));
    CHECK_FALSE(demanded.contains("ValidatingAdmissionPolicyBinding/" + policy));
  }
  CHECK_FALSE(guard::guard_difference(demanded, all));
}
