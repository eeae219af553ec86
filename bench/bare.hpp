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

// The least that access with an approval costs: a small kind of its own, without rules in its schema; one
// client approves, another creates a RoleBinding and patches a status. No admission policy is about the kind,
// and of Curfew's only the first condition of curfew-bindings is evaluated for the RoleBinding. All calls are
// the administrator's, whom RBAC asks nothing.
class BareChain {
 public:
  // Creates the kind (once for each API server) and uses the namespace `place`, which exists.
  BareChain(Arena& arena, std::string place);

  Json ask(const std::string& name);
  void approve(const std::string& name);
  void bind(const std::string& name);
  void set_phase(const std::string& name, const std::string& phase);
  void unbind(const std::string& name);
  // All objects and bindings.
  void clear();

 private:
  Arena& arena_;
  std::string place_;
};

}  // namespace curfew::bench
