#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// The names of Roles that policies offer; only Roles of these names are kept. A cluster has thousands of
// other Roles, whose content namespace admins control. Thread-safe.
class OfferedRoles {
 public:
  // Called when a list of Roles begins, and when it is complete. Names that no policy offers any more are
  // dropped at the next list.
  void list_began(const std::vector<std::shared_ptr<const api::AccessPolicy>>& policies);
  void list_complete();

  // Returns whether the policy offers a name that was not offered before, so that Roles must be listed again.
  bool offer(const api::AccessPolicy& policy);

  bool is_offered(const std::string& name) const;
  // Whether all Roles of that name are in the store: the name was offered when the last complete list began.
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
