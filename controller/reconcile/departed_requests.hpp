#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/access_request.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// Requests that left the watch selection, because they were deleted or completed, and whose end may not be
// recorded yet. Thread-safe.
class DepartedRequests {
 public:
  // Replaces the last known state of the same UID. Several requests may have had the same name, one after the
  // other.
  void add(std::shared_ptr<const api::AccessRequest> last_state);
  // Of the requests of that name, the one that left first; null if there is none.
  std::shared_ptr<const api::AccessRequest> first(const api::ObjectKey& key) const;
  bool contains(const std::string& uid) const;
  void remove(const api::ObjectKey& key, const std::string& uid);
  std::vector<api::ObjectKey> keys() const;

  // Requests that this process is completing itself: when they leave the watch selection, nothing is left to
  // do.
  void expect(const std::string& uid);
  bool is_expected(const std::string& uid) const;
  void stop_expecting(const std::string& uid);

 private:
  struct State {
    // No empty vectors.
    std::map<api::ObjectKey, std::vector<std::shared_ptr<const api::AccessRequest>>> by_name;
    std::set<std::string> uids;  // of all requests in `by_name`
    std::set<std::string> expected;
  };
  Guarded<State> state_;
};

}  // namespace curfew::reconcile
