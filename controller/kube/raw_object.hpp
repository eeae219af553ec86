#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "api/meta.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// An object of a kind that has no struct: all of it. Costs ten times a struct's memory: for few objects.
struct RawObject {
  api::ObjectMeta metadata;  // name, namespace, uid, resourceVersion, generation, creationTimestamp,
                             // deletionTimestamp only
  std::shared_ptr<const nlohmann::json> json;
};

Result<RawObject> decode_raw(const nlohmann::json& json);

}  // namespace curfew::kube
