#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/facts.hpp"

namespace curfew::cli {

// What somebody wants, before it is known under which policy.
struct RequestOptions {
  std::string ns;
  std::string name;     // of the request; empty: made up by the API server
  std::string policy;   // empty: any that fits
  std::string role;     // "view", "ClusterRole/view", "Role/debugger"; empty: whatever is offered
  std::string subject;  // "User:bob", "ServiceAccount:NAMESPACE:NAME"; empty: oneself
  std::string duration;
  std::string start_time;
  std::string reason;
};

// The wish as a request under one policy and role, and what the checks say of it.
struct Candidate {
  api::AccessRequest request;
  std::shared_ptr<const api::AccessPolicy> policy;
  std::vector<core::Finding> findings;

  // What stands against it that no approval and no waiting will mend; null: nothing, as far as can be seen.
  const core::Finding* obstacle() const;
  // Whether that is only about how it is asked for (its reason, its duration), which can be mended by asking
  // otherwise.
  bool is_near() const;
  // Whether the checks of the grant all could be made with what this person may see.
  bool is_certain() const;
};

// Every way in which the wish could be asked for. Throws ExitError for a role or subject that is none.
std::vector<Candidate> candidates(const Cluster& cluster, const RequestOptions& wish,
                                  const api::Person& requester,
                                  const std::vector<Read<api::AccessPolicy>>& policies);

}  // namespace curfew::cli
