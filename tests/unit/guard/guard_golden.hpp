#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "guard/objects.hpp"
#include "kube/raw_object.hpp"

namespace curfew::testing {

// The guard as a real API server stored it (tests/golden/README.md).
inline nlohmann::json golden_guard() {
  std::ifstream file(CURFEW_SOURCE_DIR "/tests/golden/guard.json");
  return nlohmann::json::parse(file);
}

inline std::string guard_id(const nlohmann::json& object) {
  return object.at("kind").get<std::string>() + "/" + object.at("metadata").at("name").get<std::string>();
}

}  // namespace curfew::testing
