#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/facts.hpp"

namespace curfew::client {

// What stands between a request and its access.
struct Explanation {
  api::AccessRequest request;
  // Null if there is none, or if the request is complete: its policy does not matter any more.
  std::shared_ptr<const api::AccessPolicy> policy;
  // Why there is no `policy`. Other than NotFound: there are no findings either.
  std::optional<Error> policy_error;
  bool policy_can_exist = true;         // false: what the request names cannot be the name of a policy
  std::vector<core::Finding> findings;  // empty for a complete request
  std::vector<std::string> warnings;    // of the policy's status, for the requested role
};

Result<Explanation> explain(const Session& session, const api::ObjectKey& key);

}  // namespace curfew::client
