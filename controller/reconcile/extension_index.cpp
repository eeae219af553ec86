#include "reconcile/extension_index.hpp"

namespace curfew::reconcile {

api::ObjectKey extended_key(const api::AccessRequest& request) {
  return {.ns = request.metadata.ns, .name = request.spec.extends};
}

void ExtensionIndex::observe(const std::shared_ptr<const api::AccessRequest>& before,
                             const std::shared_ptr<const api::AccessRequest>& after) {
  const bool was_extension = before && !before->spec.extends.empty();
  const bool is_extension = after && !after->spec.extends.empty();
  if (!was_extension && !is_extension) return;
  names_.with([&](auto& names) {
    if (was_extension) {
      const auto found = names.find(extended_key(*before));
      if (found != names.end()) {
        found->second.erase(before->metadata.name);
        if (found->second.empty()) names.erase(found);
      }
    }
    if (is_extension) names[extended_key(*after)].insert(after->metadata.name);
  });
}

std::vector<api::ObjectKey> ExtensionIndex::of(const api::ObjectKey& extended) const {
  return names_.with([&](const auto& names) {
    std::vector<api::ObjectKey> keys;
    const auto found = names.find(extended);
    if (found == names.end()) return keys;
    for (const std::string& name : found->second) keys.push_back({.ns = extended.ns, .name = name});
    return keys;
  });
}

}  // namespace curfew::reconcile
