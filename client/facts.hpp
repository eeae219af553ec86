#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/session.hpp"
#include "core/decide/explain.hpp"
#include "core/input.hpp"

namespace curfew::client {

// The input of the controller's decision, as far as one person may read it.
struct Facts {
  core::Input input;
  // Checks that depend on something that this person may not read, and what that is.
  std::map<std::string, std::string> unseen;
};

struct RequestAndPolicy {
  std::shared_ptr<const api::AccessRequest> request;  // never null
  std::shared_ptr<const api::AccessPolicy> policy;    // null if no policy has the requested name
};

// Gathers the input of each request's checks but for its limits, with one call for all requests. A person
// often may not read the namespace or the role: Facts::unseen then lists the checks concerned.
std::vector<Facts> gather_facts(const Session& session, const std::vector<RequestAndPolicy>& requests);

// Adds what the limits depend on, the subject's other requests, with one list for all of `facts`.
void gather_usage(const Session& session, const std::vector<Facts*>& facts);

// core::explain(), with the checks in Facts::unseen marked as NotChecked.
std::vector<core::Finding> findings_of(const Facts& facts);

// The policy's problems according to its status: not Ready is a problem, with the controller's message. With
// `role`, only those that keep Curfew from granting that role.
std::vector<core::Denial> problems_of(const api::AccessPolicy& policy,
                                      const std::optional<api::RoleRef>& role = std::nullopt);

}  // namespace curfew::client
