#pragma once

#include <vector>

#include "client/session.hpp"

namespace curfew::client {

struct PolicyList {
  api::Person person;
  std::vector<Read<api::AccessPolicy>> policies;
};

// The policies under which this person may ask, or all.
Result<PolicyList> list_policies(const Session& session, bool all);

}  // namespace curfew::client
