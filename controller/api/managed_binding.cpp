#include "api/managed_binding.hpp"

#include "api/names.hpp"

namespace curfew::api {

BindingRef reference_to(const RoleBinding& binding) {
  const ObjectMeta& meta = binding.metadata;
  return {
      .kind = std::string(kind_of<RoleBinding>(meta.ns)), .ns = meta.ns, .name = meta.name, .uid = meta.uid};
}

std::string request_uid_of(const RoleBinding& binding) {
  const auto label = binding.metadata.labels.find(std::string(kRequestUidLabel));
  return label == binding.metadata.labels.end() ? std::string() : std::string(label->second);
}

bool has_name_of_grant(const RoleBinding& binding) {
  const auto label = binding.metadata.labels.find(std::string(kRequestUidLabel));
  return label != binding.metadata.labels.end() &&
         binding.metadata.name == std::string(kBindingPrefix) + label->second;
}

std::optional<TimePoint> stated_end(const RoleBinding& binding) {
  const auto end = binding.metadata.annotations.find(std::string(kExpiresAtAnnotation));
  return end == binding.metadata.annotations.end() ? std::nullopt : parse_rfc3339(end->second);
}

}  // namespace curfew::api
