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

namespace curfew::reconcile {

// Deletes completed requests when they have been kept long enough, those of a flood after a minute; their audit records stay. They are not watched: the leader hears of each one when it completes
// it, and goes through those from before its term once. Thread-safe.
class Retention {
 public:
  struct Parts {
    kube::Client& client;
    const Clock& clock;
    std::chrono::seconds keep;
    std::function<bool()> is_leading;
  };

  explicit Retention(Parts parts) : parts_(std::move(parts)) {}

  // A request that is complete, as stored.
  void completed(const api::AccessRequest& request);

  // All complete requests of the cluster, page by page; memory: one page, and a name for each.
  Result<void> sweep(const std::stop_token& stop);

  // Deletes at their time, for ever. One thread.
  void run(const std::stop_token& stop);
  // One turn of it, for run() and tests.
  void delete_due(const std::stop_token& stop);

 private:
  bool has_gone(const std::string& uid, const api::ObjectKey& key, const std::stop_token& stop);

  const Parts parts_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, api::ObjectKey> kept_;  // by UID; protected by mutex_
  runtime::DeadlineHeap<std::string> due_;      // UIDs; protected by mutex_
};

}  // namespace curfew::reconcile
