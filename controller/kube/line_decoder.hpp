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

// One line of a watch. Decode for anything else.
Result<WatchEvent> decode_line(std::string_view line);

// Of which object a line tells that decode_line cannot read, because it has something in it that is no JSON,
// or because it is only the beginning of one that is too long (`is_cut`). nullopt: it does not say, or it was
// cut off on its way and may be whole when it comes again.
struct UnreadableEvent {
  EventType type = EventType::Added;
  api::ObjectKey key;
  std::string resource_version;
};
std::optional<UnreadableEvent> decode_unreadable_line(std::string_view line, bool is_cut);

}  // namespace curfew::kube
