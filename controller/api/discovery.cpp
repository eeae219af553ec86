#include "api/discovery.hpp"

#include "api/fields.hpp"
#include "api/reader.hpp"

namespace curfew::api {

template <class V>
static void fields(V& v, Either<ApiGroup::Version> auto& value) {
  v.field("version", value.version);
}

template <class V>
static void fields(V& v, Either<ApiGroup> auto& value) {
  v.field("versions", value.versions);
}

template <class V>
static void fields(V& v, Either<ApiResourceList::Resource> auto& value) {
  v.field("name", value.name);
  v.field("namespaced", value.namespaced);
}

template <class V>
static void fields(V& v, Either<ApiResourceList> auto& value) {
  v.field("resources", value.resources);
}

template Result<ApiGroup> decode(const nlohmann::json& json);
template Result<ApiResourceList> decode(const nlohmann::json& json);

}  // namespace curfew::api
