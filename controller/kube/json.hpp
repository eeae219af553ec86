#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace curfew::kube {

// Far above it lies everything that is read. Copying a value, comparing it and writing it take stack for each
// level, and a line of 16 MiB has room for millions. The API server lets anybody who may write an object nest
// its managedFields 10,000 levels deep.
inline constexpr std::size_t kMaxDepth = 100;

// JSON from outside; discarded (is_discarded()) where it is none. What is nested deeper than kMaxDepth is
// null in it, unread: one such object keeps no list from being read. Throws nothing but std::bad_alloc.
nlohmann::json parse_json(std::string_view text);

// A list from outside, as parse_json would read it, but one object at a time: thousands of them as one
// document would take many times the text's own memory. Objects come before it is known whether the text is a
// list to its end. Returns the rest of it, with empty `items`; discarded where it is no JSON.
nlohmann::json parse_list(std::string_view text, const std::function<void(nlohmann::json& item)>& on_item);

// What can be read of a text that is not JSON as a whole, since it is cut off or has something in it that is
// none. Strings by their path; indices of lists are left out: {"metadata": {"name": "a"}, "items": [{"kind":
// "b"}]} has "metadata.name" and "items.kind". The first of each path counts.
struct Fragment {
  std::map<std::string, std::string> strings;
  bool is_cut_short = false;  // all of it was read, and it could go on
};
Fragment parse_fragment(std::string_view text, const std::set<std::string>& paths);

}  // namespace curfew::kube
