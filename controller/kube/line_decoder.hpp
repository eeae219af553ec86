#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "util/result.hpp"

namespace curfew::kube {

enum class EventType { Added, Modified, Deleted, Bookmark, Error };

struct WatchEvent {
  EventType type = EventType::Added;
  nlohmann::json object;
};

// One line of a watch. Decode for anything else.
Result<WatchEvent> decode_line(std::string_view line);

}  // namespace curfew::kube
