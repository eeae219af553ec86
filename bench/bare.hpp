#pragma once

#include "arena.hpp"

namespace curfew::bench {

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
