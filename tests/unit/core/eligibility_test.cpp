#include <yaml-cpp/yaml.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "api/codec.hpp"
#include "builders.hpp"
#include "core/check.hpp"
#include "core/identity.hpp"
#include "core/tally.hpp"

// The table that the admission policy answers too (tests/cluster): early answer and authority must agree.
using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;
using nlohmann::json;

namespace {

// YAML 1.2's core schema, as far as the table uses it: a quoted scalar is always a string.
json to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    json object = json::object();
    for (const auto& entry : node) object[entry.first.as<std::string>()] = to_json(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    json list = json::array();
    for (const auto& item : node) list.push_back(to_json(item));
    return list;
  }
  if (!node.IsScalar()) return nullptr;
  auto text = node.as<std::string>();
  if (node.Tag() == "!") return text;
  if (text == "true" || text == "false") return text == "true";
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) return std::stoi(text);
  return text;
}

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
  const json request{{"metadata", {{"name", "fix"}, {"uid", "uid-1"}}}, {"spec", spec}, {"decisions", decisions}};
  s.policy = api::decode<api::AccessPolicy>(policy).value();
  s.request = api::decode<api::AccessRequest>(request).value();
  s.request.metadata.name_space = row.value("namespace", "table-a");
  s.name_space->metadata.name = s.request.metadata.name_space;
  return s;
}

std::optional<Denial> answer(const json& row) {
  const Input in = situation_of(row).input();
  if (row.at("act") == "Ask") return first_denial(grant_checks(), in);
  return tally(in).discounted.back();
}

}  // namespace

TEST_CASE("the core answers the table of cases as the admission policy has to") {
  const json rows = to_json(YAML::LoadFile(CURFEW_SOURCE_DIR "/tests/cases/eligibility.yaml")["cases"]);
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
