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
  if (!known)
    return fail(ErrorKind::Decode,
                "a watch event has the unknown type \"" + type->get<std::string>().substr(0, 40) + "\"");
  return WatchEvent{*known, std::move(*object)};
}

std::optional<UnreadableEvent> decode_unreadable_line(std::string_view line, bool is_cut) {
  constexpr const char* kName = "object.metadata.name";
  constexpr const char* kNamespace = "object.metadata.namespace";
  constexpr const char* kVersion = "object.metadata.resourceVersion";
  auto [strings, is_cut_short] = parse_fragment(line, {"type", kName, kNamespace, kVersion});
  const auto type = event_type(strings["type"]);
  const bool is_object = type && *type != EventType::Bookmark && *type != EventType::Error;
  if (!is_object || strings[kName].empty() || strings[kVersion].empty() || (is_cut_short && !is_cut))
    return std::nullopt;
  return UnreadableEvent{
      .type = *type, .key = {strings[kNamespace], strings[kName]}, .resource_version = strings[kVersion]};
}

}  // namespace curfew::kube
