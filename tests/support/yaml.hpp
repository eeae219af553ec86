#pragma once

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <string>

namespace curfew::test {

// YAML 1.2's core schema, as far as the tables of cases use it: a quoted scalar is always a string.
inline nlohmann::json to_json(const YAML::Node& node) {
  using nlohmann::json;
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

}  // namespace curfew::test
