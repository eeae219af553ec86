#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

#include "api/rbac.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "kube/scoped_store.hpp"
#include "runtime/deadline_heap.hpp"
#include "runtime/work_queue.hpp"
#include "runtime/worker.hpp"
#include "util/clock.hpp"

namespace curfew::expiry {

// The end of a managed binding by its own metadata: its annotation, at most 8761 h after its creation, or
// `now` if the annotation cannot be read. A binding is managed if its name is "curfew-" plus the value of its
// label. Its owner reference does not matter, because the garbage collector removes it if the request is
// deleted with --cascade=orphan. nullopt if the label and the name do not match, so that the binding is not
// ours to delete.
std::optional<TimePoint> end_of(const api::RoleBinding& binding, TimePoint now);

// Ends grants on time, on every replica, from the bindings alone: it needs no request, policy, status, record
// or leader. The leader deletes a binding within the last second before its end, or up to ten seconds before
// it if the number of bindings that end no later requires that. Any other replica deletes it two seconds
// after its end if it still exists. Deletions are repeated until the watch reports that the binding is gone.
class Revoker {
 public:
  struct Parts {
    kube::Client& client;
    const kube::ScopedStore<api::RoleBinding>& bindings;
    PendingDeletions& deletions;  // written only; the revoker does not depend on it
    // A binding is gone that ended by its time, so long after its end (negative: before).
    std::function<void(std::chrono::microseconds past_end)> on_ended;
    std::function<void(ErrorKind)> on_failed;
    const Clock& clock;
    std::function<bool()> is_leader;
    std::function<void()> on_round = nullptr;  // the thread of run() has come round; at least once a second
  };

  // Threads for each of the two queues.
  static constexpr int kWorkers = 8;

  explicit Revoker(Parts parts);

  // Called by the bindings' reflector for each change. Thread-safe.
  void observe(const std::shared_ptr<const api::RoleBinding>& before,
               const std::shared_ptr<const api::RoleBinding>& after);

  // Queues due bindings until stopped. Wakes at least once a second, to notice a step of the wall clock.
  void run(std::stop_token stop);

  // Handler of queue(): deletes one binding. Waits less than a second for an answer, because a connection may
  // be silently dead.
  runtime::Outcome end(const api::ObjectKey& key, std::stop_token stop);
  // Handler of patient_queue(), for an API server that is only slow: deletes the binding once, in parallel
  // with end(), with the full deadline of a call.
  runtime::Outcome end_without_hurry(const api::ObjectKey& key, std::stop_token stop);

  runtime::WorkQueue<api::ObjectKey>& queue() { return queue_; }
  // Bindings whose deletion by end() timed out.
  runtime::WorkQueue<api::ObjectKey>& patient_queue() { return patient_queue_; }

  // Whether at least kWorkers bindings wait for their deletion. Less urgent work should then wait, because
  // the API server's capacity is limited. False again after five seconds, so that failing deletions do not
  // hold up everyone else's access.
  bool has_backlog() const;

  // The number of bindings in the store whose end has passed. Visits every binding.
  std::size_t past_end() const;

 private:
  // Ends up to `until` are due now; the next check is after `next_in`.
  struct Due {
    TimePoint until;
    std::chrono::microseconds next_in;
  };
  Due due(TimePoint now) const;
  // The binding; null if it does not exist or is not due.
  std::shared_ptr<const api::RoleBinding> find_due(const api::ObjectKey& key);
  Result<void> ask(kube::Client& client, const api::RoleBinding& binding, std::stop_token stop) const;
  void learn(std::chrono::steady_clock::duration took);
  void report(std::string_view what, const api::ObjectKey& key, const Error& error) const;

  // Constant after construction.
  Parts parts_;
  kube::Client urgent_;
  runtime::WorkQueue<api::ObjectKey> queue_;
  runtime::WorkQueue<api::ObjectKey> patient_queue_;

  // Protected by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  runtime::DeadlineHeap<api::ObjectKey> ends_;
  // Ends up to then have become due. A binding that has taken the name of one which was due may end later.
  TimePoint due_until_;
  bool has_news_ = false;  // run() has not considered an end yet that may be near
  // The average time of a deletion during a backlog. Initially longer than measured on a busy machine.
  std::chrono::microseconds each_takes_{4000};
  std::chrono::steady_clock::time_point crowd_began_;
};

}  // namespace curfew::expiry
