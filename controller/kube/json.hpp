#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace curfew::kube {

// Far deeper than anything that Curfew reads. Copying, comparing and writing a value uses stack for each
// level, and a line of 16 MiB has room for millions of levels. The API server lets every user who may write
// an object nest its managedFields 10,000 levels deep.
inline constexpr std::size_t kMaxDepth = 100;

// Parses untrusted JSON; discarded (is_discarded()) if it is not JSON. Values nested deeper than kMaxDepth
// become null, unread, so that no such object makes a list unreadable. Throws only std::bad_alloc.
nlohmann::json parse_json(std::string_view text);

// Parses an untrusted list like parse_json(), but one object at a time: thousands of objects in one document
// would take many times the memory of the text. Calls on_item before it is known whether the whole text is a
// list. Returns the rest of the list, with empty `items`; discarded if the text is not JSON.
nlohmann::json parse_list(std::string_view text, const std::function<void(nlohmann::json& item)>& on_item);

// The readable part of a text that is not valid JSON because it is truncated or malformed. Strings by their
// path, without list indices: {"metadata": {"name": "a"}, "items": [{"kind": "b"}]} has "metadata.name" and
// "items.kind". The first string of each path counts.
struct Fragment {
  std::map<std::string, std::string> strings;
  bool is_cut_short = false;  // the text ends before its JSON does
};
Fragment parse_fragment(std::string_view text, const std::set<std::string>& paths);

}  // namespace curfew::kube
