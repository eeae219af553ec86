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
#include "kube/store.hpp"
#include "runtime/deadline_heap.hpp"
#include "runtime/metrics.hpp"
#include "runtime/work_queue.hpp"
#include "runtime/worker.hpp"
#include "util/clock.hpp"

namespace curfew::expiry {

// When a managed binding must be gone, by what it says itself: its annotation, at most 8761 h after its
// creation, or `now` where the annotation cannot be read. A binding is managed when its name is "curfew-" and
// the value of its label, whoever owns it: the garbage collector removes the owner of a binding whose request
// is deleted with --cascade=orphan. nullopt: it has the label under another name, so it is not ours to
// delete.
std::optional<TimePoint> end_of(const api::RoleBinding& binding, TimePoint now);

// Ends grants on time, on every replica, from the bindings alone: no request, policy, status, record or
// leader is needed. The leader deletes within the last second, or as much earlier, ten seconds at most, as
// the number of bindings that end no later needs; any other replica two seconds after the end, if the binding
// is still there. A deletion is repeated until the watch says that the binding is gone.
class Revoker {
 public:
  struct Parts {
    kube::Client& client;
    const kube::Store<api::RoleBinding>& bindings;
    PendingDeletions& deletions;  // is told what is being deleted; nothing here depends on it
    runtime::Metrics& metrics;
    const Clock& clock;
    std::function<bool()> is_leader;
  };

  // Of each of the two queues.
  static constexpr int kWorkers = 8;

  explicit Revoker(Parts parts);

  // From the bindings' reflector, for each change. Thread-safe.
  void observe(const std::shared_ptr<const api::RoleBinding>& before,
               const std::shared_ptr<const api::RoleBinding>& after);

  // Watches the clock until stopped; wakes at least once a second, so that a step of the wall clock is
  // noticed.
  void run(std::stop_token stop);

  // One binding's deletion: the handler of the ending workers. It waits less than a second for an answer,
  // since a connection may be dead without a sign.
  runtime::Outcome end(const api::ObjectKey& key, std::stop_token stop);
  // The same, beside it, for an API server that is only slow: once, with all the time that a call has.
  runtime::Outcome end_without_hurry(const api::ObjectKey& key, std::stop_token stop);

  runtime::WorkQueue<api::ObjectKey>& queue() { return queue_; }
  // What end() got no answer for.
  runtime::WorkQueue<api::ObjectKey>& patient_queue() { return patient_queue_; }

  // Whether more bindings wait for their deletion than are being deleted. What is not urgent should wait
  // then, since the API server serves only so many calls. False again after five seconds: trouble with ending
  // some access must not keep others from theirs.
  bool has_backlog() const;

  // How many bindings are there although their end has passed, by all that the watch has said. Looks at each.
  std::size_t past_end() const;

 private:
  // Which ends are to be seen to now, and when to look again.
  struct Due {
    TimePoint until;
    std::chrono::microseconds next_in;
  };
  Due due(TimePoint now) const;
  // The binding, if it is there and its time has come.
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
  bool has_news_ = false;  // an end that the loop has not considered yet, and that may be near
  std::chrono::microseconds each_takes_{4000};  // a deletion, among many; until there were many, more than
                                                // one was seen to take on a busy machine
  std::chrono::steady_clock::time_point crowd_began_;
};

}  // namespace curfew::expiry
