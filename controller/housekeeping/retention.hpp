#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>

#include "api/access_request.hpp"
#include "kube/client.hpp"
#include "runtime/deadline_heap.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

namespace curfew::housekeeping {

// Deletes completed requests after their retention time, those of a flood after a minute; their audit records
// stay. Completed requests are not watched: the leader adds each request that it completes, and lists those
// from earlier terms once. It remembers the kMaxKept requests that are due first; if there are more, it lists
// again when half of these have been deleted. Thread-safe.
class Retention {
 public:
  static constexpr std::size_t kMaxKept = 5000;

  struct Parts {
    kube::Client& client;
    const Clock& clock;
    std::chrono::seconds keep;
    std::function<bool()> is_leading;
  };

  explicit Retention(Parts parts) : parts_(std::move(parts)) {}

  // Schedules the deletion of a completed request; `request` is the stored state.
  void completed(const api::AccessRequest& request);

  // Lists all completed requests of the cluster, page by page. Memory: one page, and kMaxKept names.
  Result<void> sweep(const std::stop_token& stop);

  // Deletes requests when they are due, and sweeps again if some were dropped, until stopped. One thread.
  void run(const std::stop_token& stop);
  // The two steps of run(), public for tests.
  void delete_due(const std::stop_token& stop);
  void find_more(const std::stop_token& stop);

 private:
  Result<void> find_completed(bool is_cluster_scoped, const std::stop_token& stop);
  void remember(const std::string& uid, const api::ObjectKey& key, TimePoint until);
  bool has_gone(const std::string& uid, const api::ObjectKey& key, const std::stop_token& stop);

  const Parts parts_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, api::ObjectKey> kept_;  // by UID; protected by mutex_
  runtime::DeadlineHeap<std::string> due_;      // UIDs; protected by mutex_
  bool has_dropped_ = false;                    // more requests exist, due later; protected by mutex_
};

}  // namespace curfew::housekeeping
