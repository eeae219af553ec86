#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

namespace curfew::kube {

// The documents of a YAML text as JSON, by the core schema's rules for plain scalars (true, 12, 1.5, null);
// empty documents are omitted. Throws std::runtime_error with the line number if the text is malformed.
std::vector<nlohmann::json> parse_yaml_documents(std::string_view text);

}  // namespace curfew::kube
