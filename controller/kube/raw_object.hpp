#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "api/meta.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// A whole object of a kind without a struct. Costs ten times the memory of a struct: for few objects.
struct RawObject {
  // Only name, namespace, uid, resourceVersion, generation, creationTimestamp and deletionTimestamp.
  api::ObjectMeta metadata;
  std::shared_ptr<const nlohmann::json> json;
};

Result<RawObject> decode_raw(const nlohmann::json& json);

}  // namespace curfew::kube
