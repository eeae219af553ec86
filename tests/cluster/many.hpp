#pragma once

#include <future>

#include "lifecycle.hpp"

namespace curfew::test {

// Creates `count` copies of an object by POST to `path`, as admin; with metadata.generateName each gets its
// own name.
ProcessResult create_many(const Scene& scene, const std::string& path, const Json& object, int count);

// Creates `count` AccessRequests as fast as the API server accepts them, under generated names that begin
// with "many-"; with `deletes`, each is deleted as soon as it exists. The output contains the time that this
// took.
std::future<ProcessResult> send_many(const Scene& scene, const Person& who, const Json& spec, int count,
                                     bool deletes = false);

}  // namespace curfew::test
