#include "api/rbac.hpp"

#include "api/fields.hpp"
#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

template <class V>
static void fields(V& v, Either<RoleBinding> auto& value) {
  v.always("metadata", value.metadata);
  v.always("roleRef", value.role_ref);
  v.always("subjects", value.subjects);
}

// The other kinds are only read.
template <class V>
static void fields(V& v, Either<Role> auto& value) {
  v.field("metadata", value.metadata);
  v.field("rules", value.rules);
}

template <class V>
static void fields(V& v, Either<ClusterRole> auto& value) {
  v.field("metadata", value.metadata);
  v.field("rules", value.rules);
  value.is_aggregated = !v.at("aggregationRule").absent();
}

template <class V>
static void fields(V& v, Either<Namespace> auto& value) {
  v.field("metadata", value.metadata);
}

template Result<RoleBinding> decode(const nlohmann::json& json);
template Result<Role> decode(const nlohmann::json& json);
template Result<ClusterRole> decode(const nlohmann::json& json);
template Result<Namespace> decode(const nlohmann::json& json);

nlohmann::json encode(const RoleBinding& binding) {
  constexpr const char* kRbacGroup = "rbac.authorization.k8s.io";
  nlohmann::json json = json_of_kind(binding);
  json["roleRef"]["apiGroup"] = kRbacGroup;
  for (nlohmann::json& subject : json["subjects"]) {
    // A ServiceAccount belongs to the core group, for which apiGroup is left out.
    if (subject.value("kind", "") != "ServiceAccount") subject["apiGroup"] = kRbacGroup;
  }
  return json;
}

}  // namespace curfew::api
