#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "api/meta.hpp"
#include "util/result.hpp"

namespace curfew::kube {

enum class EventType { Added, Modified, Deleted, Bookmark, Error };

struct WatchEvent {
  EventType type = EventType::Added;
  nlohmann::json object;
};

// Decodes one line of a watch. Error Decode for anything else.
Result<WatchEvent> decode_line(std::string_view line);

// Identifies the object of a line that decode_line cannot read because it is malformed JSON, or because it is
// only the beginning of a line that is too long (`is_cut`). nullopt: the line does not identify the object,
// or was truncated in transit and may be complete when it is sent again.
struct UnreadableEvent {
  EventType type = EventType::Added;
  api::ObjectKey key;
  std::string resource_version;
};
std::optional<UnreadableEvent> decode_unreadable_line(std::string_view line, bool is_cut);

}  // namespace curfew::kube
