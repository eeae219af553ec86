#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace curfew::kube {

// Far above it lies everything that is read. Copying a value, comparing it and writing it take stack for each level, and a line of 16 MiB has room for
// millions. The API server lets anybody who may write an object nest its managedFields 10,000 levels deep.
inline constexpr std::size_t kMostLevels = 100;

// JSON from outside; discarded (is_discarded()) where it is none. What is nested deeper than kMostLevels is null in it, unread: one such object
// keeps no list from being read. Throws nothing but std::bad_alloc.
nlohmann::json parse_json(std::string_view text);

}  // namespace curfew::kube
