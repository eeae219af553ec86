#include <nlohmann/json.hpp>

#include "api/codec.hpp"
#include "core/check/check.hpp"
#include "core/decide/tally.hpp"
#include "core/identity.hpp"
#include "core_test.hpp"
#include "support/yaml.hpp"

// The table that the admission policies are tested with as well (tests/cluster): early answer and authority
// must agree.
using nlohmann::json;

namespace {

Situation situation_of(const json& row) {
  Situation s;
  const json policy{{"metadata", {{"name", "payments-debug"}}}, {"spec", row.at("policy")}};
  json spec = row.at("request");
  spec["policy"] = "payments-debug";
  if (row.at("act") == "Ask") spec["requester"] = row.at("user");
  json decisions = row.value("decisions", json::array());
  if (row.at("act") != "Ask") {
    json decision = row.at("user");
    decision["verdict"] = row.at("act");
    decisions.push_back(decision);
  }
  const json request{
      {"metadata", {{"name", "fix"}, {"uid", "uid-1"}}}, {"spec", spec}, {"decisions", decisions}};
  s.policy = testing::decoded<api::AccessPolicy>(policy);
  s.request = testing::decoded<api::AccessRequest>(request);
  s.request.metadata.ns = row.value("namespace", "table-a");
  s.ns->metadata.name = s.request.metadata.ns;
  return s;
}

std::optional<Denial> answer(const json& row) {
  const Input in = situation_of(row).input();
  if (row.at("act") == "Ask") return first_denial(grant_checks(), in);
  return tally(in).discounted.back();
}

}  // namespace

TEST_CASE("the core answers the table of cases as the admission policy has to") {
  const json rows =
      curfew::test::to_json(YAML::LoadFile(CURFEW_SOURCE_DIR "/tests/cases/eligibility.yaml")["cases"]);
  REQUIRE(rows.size() > 50);
  for (const json& row : rows) {
    DYNAMIC_SECTION(row.at("name").get<std::string>()) {
      const auto denial = answer(row);
      CAPTURE(denial ? denial->message : "allowed");
      CHECK(denial.has_value() == (row.at("expect") == "refused"));
      if (denial && row.contains("reason")) CHECK(denial->reason == row.at("reason").get<std::string>());
    }
  }
}
