#include "api/access_review.hpp"

#include "api/fields.hpp"
#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

template <class V>
static void fields(V& v, Either<SelfSubjectAccessReview> auto& value) {
  v.field("metadata", value.metadata);
  v.nested("spec", [&](auto&& spec) {
    spec.nested("resourceAttributes", [&](auto&& attributes) {
      attributes.field("verb", value.attributes.verb);
      attributes.field("group", value.attributes.group);
      attributes.field("resource", value.attributes.resource);
      attributes.field("name", value.attributes.name);
      attributes.field("namespace", value.attributes.ns);
    });
  });
  v.nested("status", [&](auto&& status) { status.field("allowed", value.allowed); });
}

template Result<SelfSubjectAccessReview> decode(const nlohmann::json& json);

nlohmann::json encode(const SelfSubjectAccessReview& review) {
  return json_of_kind(review);
}

}  // namespace curfew::api
