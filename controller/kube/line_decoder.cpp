#include "kube/line_decoder.hpp"

#include <optional>
#include <string>

#include "kube/json.hpp"

namespace curfew::kube {
namespace {

std::optional<EventType> event_type(std::string_view name) {
  if (name == "ADDED") return EventType::Added;
  if (name == "MODIFIED") return EventType::Modified;
  if (name == "DELETED") return EventType::Deleted;
  if (name == "BOOKMARK") return EventType::Bookmark;
  if (name == "ERROR") return EventType::Error;
  return std::nullopt;
}

}  // namespace

Result<WatchEvent> decode_line(std::string_view line) {
  auto json = parse_json(line);
  if (json.is_discarded()) return fail(ErrorKind::Decode, "a line of a watch is not JSON");
  if (!json.is_object()) return fail(ErrorKind::Decode, "a line of a watch is not an event");
  const auto type = json.find("type");
  const auto object = json.find("object");
  if (type == json.end() || !type->is_string() || object == json.end() || !object->is_object())
    return fail(ErrorKind::Decode, "a line of a watch is not an event");
  const auto known = event_type(type->get_ref<const std::string&>());
  if (!known) return fail(ErrorKind::Decode, "a watch event has the unknown type \"" + type->get<std::string>().substr(0, 40) + "\"");
  return WatchEvent{*known, std::move(*object)};
}

}  // namespace curfew::kube
