#include "reconcile/execute/events.hpp"

#include <string>
#include <utility>

#include "api/names.hpp"

namespace curfew::reconcile {

Step EventExecutor::run(const core::Input& input, const core::EmitEvent& action) {
  const api::ObjectMeta& regarding = input.request->metadata;
  api::Event event;
  event.time = clock_.now();
  event.type = action.type;
  event.reason = action.reason;
  event.action = action.action;
  event.note = action.note;
  event.regarding = {.api_version = std::string(api::kGroupVersion),
                     .kind = std::string(api::kind_of<api::AccessRequest>(regarding.ns)),
                     .ns = regarding.ns,
                     .name = regarding.name,
                     .uid = regarding.uid};
  event.related = action.related;
  events_.record(std::move(event));
  if (action.reason == api::kExpiresSoon) notes_.remember_warned(regarding.uid);
  return std::nullopt;
}

}  // namespace curfew::reconcile
