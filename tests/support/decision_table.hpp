#pragma once

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/yaml.hpp"

// tests/cases/decisions/, read for the tests of the core and for those of the API server.
namespace curfew::test {

// One person's decision: `verdict` as in AccessRequest.decisions.
struct Act {
  std::string verdict;
  nlohmann::json person;  // {username, groups}
};

class DecisionTable {
 public:
  using Json = nlohmann::json;

  // Reads every .yaml file of the folder, in the order of their names. Throws if one cannot be read or has an
  // unknown key.
  explicit DecisionTable(const std::filesystem::path& folder)
      : common_(to_json(YAML::LoadFile(folder / kCommon))) {
    allow_only(common_, kCommon, {"default", "people"});
    std::vector<std::filesystem::path> themes;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".yaml" && entry.path().filename() != kCommon)
        themes.push_back(entry.path());
    }
    std::ranges::sort(themes);
    for (const auto& path : themes) {
      const Json theme = to_json(YAML::LoadFile(path));
      allow_only(theme, path.filename(), {"parts", "cases"});
      for (const Json& row : theme.at("cases")) cases_.push_back(row);
    }
  }

  const Json& cases() const { return cases_; }
  const Json& person(const std::string& name) const { return common_.at("people").at(name); }
  std::string created(const Json& row) const {
    return row.value("created", common_.at("default").at("created").get<std::string>());
  }

  // AccessPolicy.spec; null if there is no policy.
  Json policy(const Json& row) const {
    if (row.contains("policy") && row.at("policy").is_null()) return nullptr;
    return merged(common_.at("default").at("policy"), row.value("policy", Json::object()));
  }
  Json default_policy() const { return common_.at("default").at("policy"); }

  // AccessRequest.spec, without the requester.
  Json request(const Json& row) const {
    return merged(common_.at("default").at("request"), row.value("request", Json::object()));
  }
  // {username, groups}; null if the requester is unknown.
  Json requester(const Json& row) const {
    if (row.contains("requester") && row.at("requester").is_null()) return nullptr;
    return person(row.value("requester", "alice"));
  }
  static std::string ns(const Json& row) {
    return row.value("namespace", Json::object()).value("name", "payments");
  }

  // The decisions of this step, in order.
  std::vector<Act> acts(const Json& step) const {
    std::vector<Act> acts;
    for (const auto& [key, verdict] :
         {std::pair{"approve", "Approve"}, {"deny", "Deny"}, {"revoke", "Revoke"}}) {
      if (!step.contains(key)) continue;
      const Json& names = step.at(key);
      for (const Json& name : names.is_array() ? names : Json::array({names}))
        acts.push_back({verdict, person(name.get<std::string>())});
    }
    return acts;
  }

  static Json merged(Json base, const Json& patch) {
    base.merge_patch(patch);
    return base;
  }

  // Throws for an unknown key: with a misspelled key, a case would test nothing.
  static void allow_only(const Json& object, const std::string& what,
                         std::initializer_list<const char*> keys) {
    const std::set<std::string> known(keys.begin(), keys.end());
    for (const auto& [key, value] : object.items()) {
      if (!known.contains(key)) throw std::invalid_argument(what + " has an unknown key: " + key);
    }
  }
  static void allow_only_known_keys(const Json& row) {
    allow_only(row, "a case",
               {"name", "policy", "request", "requester", "namespace", "role", "usage", "extended", "guard",
                "created", "then", "expect", "cel"});
    allow_only_known_facts(row);
    allow_only(
        row.at("expect"), "expect",
        {"phase", "reason", "expiresAt", "approvals", "role", "subject", "duration", "message", "drifted"});
    if (row.contains("cel")) allow_only(row.at("cel"), "cel", {"create", "decisions"});
    for (const Json& step : row.value("then", Json::array())) {
      allow_only(
          step, "a step",
          {"at", "approve", "deny", "revoke", "policy", "namespace", "role", "usage", "extended", "guard"});
      allow_only_known_facts(step);
    }
  }

 private:
  static void allow_only_known_facts(const Json& object) {
    allow_only(object.value("namespace", Json::object()), "namespace", {"name", "labels", "terminating"});
    allow_only(object.value("role", Json::object()), "role", {"exists", "uid", "rules", "aggregated"});
    allow_only(object.value("usage", Json::object()), "usage", {"active", "lastEnd"});
    allow_only(object.value("extended", Json::object()), "extended",
               {"phase", "expiresAt", "since", "active", "gone", "ended", "byTime", "by", "policy",
                "requester", "role", "subject"});
    allow_only(object.value("guard", Json::object()), "guard", {"inForce", "since"});
  }

  static constexpr const char* kCommon = "common.yaml";

  Json common_;
  Json cases_ = Json::array();
};

}  // namespace curfew::test
