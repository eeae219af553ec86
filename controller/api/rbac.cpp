#include "api/rbac.hpp"

#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

void read(const Reader& reader, RoleBinding& value) {
  reader.get("metadata", value.metadata);
  reader.get("roleRef", value.role_ref);
  reader.get("subjects", value.subjects);
}

void read(const Reader& reader, PolicyRule& value) {
  reader.get("apiGroups", value.api_groups);
  reader.get("resources", value.resources);
  reader.get("verbs", value.verbs);
  reader.get("resourceNames", value.resource_names);
  reader.get("nonResourceURLs", value.non_resource_urls);
}

void read(const Reader& reader, Role& value) {
  reader.get("metadata", value.metadata);
  reader.get("rules", value.rules);
}

void read(const Reader& reader, ClusterRole& value) {
  reader.get("metadata", value.metadata);
  reader.get("rules", value.rules);
  value.is_aggregated = !reader.at("aggregationRule").absent();
}

void read(const Reader& reader, Namespace& value) {
  reader.get("metadata", value.metadata);
}

template Result<RoleBinding> decode(const nlohmann::json& json);
template Result<Role> decode(const nlohmann::json& json);
template Result<ClusterRole> decode(const nlohmann::json& json);
template Result<Namespace> decode(const nlohmann::json& json);

nlohmann::json encode(const RoleBinding& binding) {
  constexpr const char* kRbacGroup = "rbac.authorization.k8s.io";
  nlohmann::json json = head_of(binding);
  json["roleRef"] = to_json(binding.role_ref);
  json["roleRef"]["apiGroup"] = kRbacGroup;
  json["subjects"] = list_of(binding.subjects);
  for (nlohmann::json& subject : json["subjects"]) {
    // A ServiceAccount belongs to the core group, for which apiGroup is left out.
    if (subject.value("kind", "") != "ServiceAccount") subject["apiGroup"] = kRbacGroup;
  }
  return json;
}

}  // namespace curfew::api
