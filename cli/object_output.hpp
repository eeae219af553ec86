#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/printable.hpp"
#include "client/cluster.hpp"

namespace curfew::cli {

// The output of -o json and -o yaml. Characters that would harm a terminal are escaped, as in "\u202e", which
// parsers read as the same text.
Printable as_text(const nlohmann::json& json, const std::string& format);

// Several objects as a List, as kubectl does.
template <class T>
Printable as_text(const std::vector<client::Read<T>>& objects, const std::string& format) {
  nlohmann::json list{{"apiVersion", "v1"}, {"kind", "List"}, {"items", nlohmann::json::array()}};
  for (const auto& read : objects) list["items"].push_back(read.json);
  return as_text(list, format);
}

}  // namespace curfew::cli
