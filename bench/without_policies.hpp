#pragma once

#include "arena.hpp"

namespace curfew::bench {

// Takes Curfew's admission policies out of force; the destructor puts them back. Both wait until the API
// server has noticed. A policy without a binding is not evaluated. A controller that starts afterwards
// believes no AccessPolicy that is older: so this comes last on a control plane, or without a controller.
class WithoutPolicies {
 public:
  explicit WithoutPolicies(Arena& arena);
  ~WithoutPolicies();
  WithoutPolicies(const WithoutPolicies&) = delete;
  WithoutPolicies& operator=(const WithoutPolicies&) = delete;

 private:
  Arena& arena_;
  std::vector<std::pair<std::string, Json>> taken_;  // where, and the binding
};

}  // namespace curfew::bench
