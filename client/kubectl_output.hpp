#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/object_ref.hpp"
#include "util/result.hpp"

namespace curfew::client {

// What a kubectl process has printed when it ended.
struct KubectlOutput {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Converts kubectl's standard error to an Error: the kind from "Error from server (KIND)"; if an admission
// policy refused, the message is that policy's alone.
Error error_of(std::string_view err);

// As error_of(), for a call about several objects: one Error for each "Error from server", in order.
std::vector<Error> errors_of(std::string_view err);

// The string at that JSON pointer; empty if there is none.
std::string text_at(const nlohmann::json& object, const char* pointer);

// The JSON that kubectl printed, or its error.
Result<nlohmann::json> json_of(const Result<KubectlOutput>& output);

// What "kubectl get TYPE/NAME TYPE/NAME ... -o json" says of one object: it was printed, or an error names
// it. nullopt if neither is so: then it has to be asked for alone.
std::vector<std::optional<Result<nlohmann::json>>> objects_of(const std::vector<ObjectRef>& refs,
                                                              const Result<KubectlOutput>& output);

// What "kubectl create -f - -o json" says of each of several requests: kubectl prints those that were created
// one after the other, and an error for each other one, both in the order of `bodies`. Requests are told
// apart by policy and role, since the API server may have made their names.
std::vector<Result<nlohmann::json>> created_of(const std::vector<nlohmann::json>& bodies,
                                               const Result<KubectlOutput>& output);

}  // namespace curfew::client
