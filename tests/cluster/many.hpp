#pragma once

#include <future>

#include "lifecycle.hpp"

namespace curfew::test {

// Makes that many of an object that is POSTed to `path`, as admin; with metadata.generateName each has a name
// of its own.
ProcessResult create_many(const Scene& scene, const std::string& path, const Json& object, int count);

// Makes that many AccessRequests, as fast as the API server takes them, under generated names that begin with
// "many-"; with `deletes`, each is deleted as soon as it is there. What is printed says how long it took.
std::future<ProcessResult> send_many(const Scene& scene, const Person& who, const Json& spec, int count,
                                     bool deletes = false);

}  // namespace curfew::test
