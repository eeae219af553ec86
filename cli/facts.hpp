#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/cluster.hpp"
#include "core/explain.hpp"
#include "core/input.hpp"

namespace curfew::cli {

// What the controller would decide by, as far as one person may see it.
struct Facts {
  core::Input input;
  std::map<std::string, std::string>
      unseen;  // checks that depend on something that this person may not see, and what that is
};

// Gathers what a request's checks depend on. The namespace, the role and other people's requests are often
// not this person's to see: then the facts say so.
class FactFinder {
 public:
  explicit FactFinder(const Cluster& cluster) : cluster_(cluster) {}

  // `policy` null: there is none of that name.
  Facts facts_of(const api::AccessRequest& request, std::shared_ptr<const api::AccessPolicy> policy);

 private:
  void find_namespace(Facts& facts);
  void find_role(Facts& facts);
  void find_usage(Facts& facts);

  const Cluster& cluster_;
  std::map<std::string, Result<std::shared_ptr<const api::Namespace>>> namespaces_;  // asked for once
};

// core::explain, with the checks that depend on what cannot be seen marked as not checked.
std::vector<core::Finding> findings_of(const Facts& facts);

// The policy as its status has it: not Ready is a problem, in the controller's words.
std::vector<core::Denial> problems_of(const api::AccessPolicy& policy);

}  // namespace curfew::cli
