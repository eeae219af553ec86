#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "client/facts.hpp"
#include "client/session.hpp"

// More time: requests that extend the access of others.
namespace curfew::client {

struct ExtendOptions {
  std::string name;      // of the extension; empty: the extended request's, with the next free number
  std::string duration;  // empty: the policy's
  std::string reason;    // empty: the extended request's
};

// The name to try at that attempt, from 1 on: "fix-2" for "fix", "fix-3" for "fix-2", which is an extension.
std::string name_of_extension(const api::AccessRequest& extended, int attempt);

// Makes the request that extends `key`, of the same policy, role and subject. Fails, without a call that
// creates, if that request does not exist, gives no access now, or is extended already.
Result<Read<api::AccessRequest>> extend(const Session& session, const api::ObjectKey& key,
                                        const ExtendOptions& options);

// The UIDs of the requests that an Active request among these extends, directly or through others.
std::set<std::string> extended_in(const std::vector<Read<api::AccessRequest>>& requests);

// Adds what the checks of an extension depend on; nothing for other requests.
void gather_extended(const Session& session, Facts& facts);

}  // namespace curfew::client
