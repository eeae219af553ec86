#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "util/guarded.hpp"

namespace curfew::expiry {

// UIDs of RoleBindings whose deletion this process has requested. If the watch reports one of them as gone,
// it is deleted; any other may only have lost its label. A cache: losing an entry costs a read. Thread-safe.
class PendingDeletions {
 public:
  void add(const std::string& binding_uid);
  void remove(const std::string& binding_uid);
  bool contains(const std::string& binding_uid) const;

 private:
  Guarded<std::set<std::string>> uids_;
};

}  // namespace curfew::expiry
