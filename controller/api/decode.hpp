#pragma once

#include <nlohmann/json_fwd.hpp>

#include "util/result.hpp"

// JSON of the kinds. Decoding ignores unknown fields (a newer schema), takes absent and null fields as their
// defaults, and answers Decode, naming the field, for one of the wrong type; it never throws. encode(),
// beside each kind, leaves out what is empty, and writes apiVersion and kind.
namespace curfew::api {

template <class T>
Result<T> decode(const nlohmann::json& json);  // for each kind in this folder

}  // namespace curfew::api
