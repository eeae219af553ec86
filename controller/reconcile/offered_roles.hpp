#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// Of which names Roles are kept: those that policies offer. A cluster has thousands of others, and whoever
// administers a namespace writes what is in them. Thread-safe.
class OfferedRoles {
 public:
  // A list of Roles begins, or is complete. Names that no policy offers any more are dropped at the next one.
  void list_began(const std::vector<std::shared_ptr<const api::AccessPolicy>>& policies);
  void list_complete();

  // True: the policy offers a name that was not offered before, so Roles are to be listed again.
  bool offer(const api::AccessPolicy& policy);

  bool is_offered(const std::string& name) const;
  // Whether all Roles of that name are in the store: it was offered when the last complete list began.
  bool is_listed(const std::string& name) const;

 private:
  struct State {
    std::set<std::string> offered;
    std::set<std::string> being_listed;
    std::set<std::string> listed;
  };
  Guarded<State> state_;
};

}  // namespace curfew::reconcile
