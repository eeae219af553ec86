#include "kube/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace curfew::kube {
namespace {

nlohmann::json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted, or a block
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  auto number = nlohmann::json::parse(text, nullptr, false);
  if (number.is_number()) return number;
  return text;
}

nlohmann::json to_json(const YAML::Node& node) {
  if (node.IsScalar()) return scalar(node);
  if (node.IsSequence()) {
    auto list = nlohmann::json::array();
    for (const auto& item : node) list.push_back(to_json(item));
    return list;
  }
  if (node.IsMap()) {
    auto object = nlohmann::json::object();
    for (const auto& entry : node) object[entry.first.Scalar()] = to_json(entry.second);
    return object;
  }
  return nullptr;
}

}  // namespace

std::vector<nlohmann::json> parse_yaml_documents(std::string_view text) {
  std::vector<nlohmann::json> documents;
  try {
    for (const YAML::Node& node : YAML::LoadAll(std::string(text))) {
      if (node.IsDefined() && !node.IsNull()) documents.push_back(to_json(node));
    }
  } catch (const YAML::Exception& error) {
    throw std::runtime_error(error.what());
  }
  return documents;
}

}  // namespace curfew::kube
