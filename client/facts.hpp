#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/cluster.hpp"
#include "core/decide/explain.hpp"
#include "core/input.hpp"

namespace curfew::client {

// The input of the controller's decision, as far as one person may read it.
struct Facts {
  core::Input input;
  // Checks that depend on something that this person may not read, and what that is.
  std::map<std::string, std::string> unseen;
};

// Gathers the input of a request's checks. This person often may not read the namespace, the role or other
// people's requests: Facts::unseen then lists the checks concerned.
class FactFinder {
 public:
  explicit FactFinder(const Cluster& cluster) : cluster_(cluster) {}

  // `policy` is null if no policy has the requested name.
  Facts facts_of(const api::AccessRequest& request, std::shared_ptr<const api::AccessPolicy> policy);

 private:
  void find_namespace(Facts& facts);
  void find_role(Facts& facts);
  void find_usage(Facts& facts);

  const Cluster& cluster_;
  std::map<std::string, Result<std::shared_ptr<const api::Namespace>>> namespaces_;  // each read once
};

// core::explain(), with the checks in Facts::unseen marked as NotChecked.
std::vector<core::Finding> findings_of(const Facts& facts);

// The policy's problems according to its status: not Ready is a problem, with the controller's message.
std::vector<core::Denial> problems_of(const api::AccessPolicy& policy);

}  // namespace curfew::client
