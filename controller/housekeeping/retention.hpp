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

// Deletes completed requests when they have been kept long enough, those of a flood after a minute; their
// audit records stay. They are not watched: the leader hears of each one when it completes it, and goes
// through those from before its term once; and again when half of those that it remembers, the next
// kMaxKept, have been deleted. Thread-safe.
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

  // A request that is complete, as stored.
  void completed(const api::AccessRequest& request);

  // All complete requests of the cluster, page by page; memory: one page, and kMaxKept names.
  Result<void> sweep(const std::stop_token& stop);

  // Deletes at their time, for ever, and sweeps again where some are left. One thread.
  void run(const std::stop_token& stop);
  // Its two halves, for tests.
  void delete_due(const std::stop_token& stop);
  void find_more(const std::stop_token& stop);

 private:
  void remember(const std::string& uid, const api::ObjectKey& key, TimePoint until);
  bool has_gone(const std::string& uid, const api::ObjectKey& key, const std::stop_token& stop);

  const Parts parts_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, api::ObjectKey> kept_;  // by UID; protected by mutex_
  runtime::DeadlineHeap<std::string> due_;      // UIDs; protected by mutex_
  bool has_dropped_ = false;                    // some are due later than all of these; protected by mutex_
};

}  // namespace curfew::housekeeping
