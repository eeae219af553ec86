#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <stop_token>
#include <utility>

#include "runtime/deadline_heap.hpp"
#include "util/backoff.hpp"
#include "util/clock.hpp"

namespace curfew::runtime {

struct RetryDelays {
  std::chrono::milliseconds first{5};
  std::chrono::milliseconds longest{std::chrono::seconds(60)};
};

// Keys to reconcile, with client-go's guarantees: a key is queued once however often it is added; no two
// workers process it at the same time; a key added during processing is queued again after done(). Key needs
// an order. Thread-safe.
template <class Key>
class WorkQueue {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // The clock must outlive the queue.
  explicit WorkQueue(const Clock& clock, RetryDelays delays = {}) : clock_(clock), delays_(delays) {}

  void add(const Key& key) {
    const std::scoped_lock lock(mutex_);
    add_locked(key);
  }

  // Schedules a wake-up: an earlier one replaces a later one of the same key, a later one is dropped. For
  // reconciles, which schedule their next wake-up each time, and for changes that any later reconcile
  // observes. add() cancels none: a spurious wake-up costs one reconcile, a lost one costs a deadline.
  void add_after(const Key& key, std::chrono::steady_clock::duration delay) {
    const std::scoped_lock lock(mutex_);
    delay_locked(delayed_, key, delay);
  }

  // Schedules a reconcile that no earlier wake-up replaces, for what is true only then and wakes nobody. A
  // later call for the same key replaces an earlier one.
  void recheck_after(const Key& key, std::chrono::steady_clock::duration delay) {
    const std::scoped_lock lock(mutex_);
    rechecks_.erase(key);
    delay_locked(rechecks_, key, delay);
  }

  // Requeues after a delay that doubles (with jitter) each time, until forget().
  void add_rate_limited(const Key& key) {
    const std::scoped_lock lock(mutex_);
    const auto entry =
        failures_.try_emplace(key, delays_.first, delays_.longest, static_cast<unsigned>(seeds_())).first;
    delay_locked(delayed_, key, entry->second.next());
  }

  // The next rate-limited retry starts from the shortest delay again.
  void forget(const Key& key) {
    const std::scoped_lock lock(mutex_);
    failures_.erase(key);
  }

  // Waits for a key; nullopt once the token is triggered, whatever is still queued. The caller must call
  // done().
  std::optional<Key> get(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      if (auto key = take_locked()) return key;
      const auto due = next_due_locked();
      const auto has_news = [&] { return !ready_.empty() || next_due_locked() != due; };
      if (due) {
        // At most an hour, because far deadlines overflow some implementations of waiting.
        changed_.wait_for(
            lock, stop,
            std::min<std::chrono::steady_clock::duration>(*due - clock_.steady(), std::chrono::hours(1)),
            has_news);
      } else {
        changed_.wait(lock, stop, has_news);
      }
    }
    // The notification may have been for a key that another worker must take now.
    if (!ready_.empty()) changed_.notify_one();
    return std::nullopt;
  }

  // Like get(), without waiting.
  std::optional<Key> try_get() {
    const std::scoped_lock lock(mutex_);
    return take_locked();
  }

  // Ends the processing of a key from get().
  void done(const Key& key) {
    const std::scoped_lock lock(mutex_);
    processing_.erase(key);
    if (waiting_.contains(key)) push_locked(key);
  }

  // Keys that are ready, or will be after done(); delayed keys are not counted.
  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }

 private:
  void add_locked(const Key& key) {
    if (!waiting_.insert(key).second) return;
    if (!processing_.contains(key)) push_locked(key);
  }

  void push_locked(const Key& key) {
    ready_.push_back(key);
    changed_.notify_one();
  }

  using Deadlines = DeadlineHeap<Key, SteadyTime>;

  // The earliest deadline of all.
  std::optional<SteadyTime> next_due_locked() const {
    const auto wake_up = delayed_.next();
    const auto recheck = rechecks_.next();
    return wake_up && recheck ? std::min(wake_up, recheck) : wake_up ? wake_up : recheck;
  }

  void delay_locked(Deadlines& deadlines, const Key& key, std::chrono::steady_clock::duration delay) {
    if (delay <= std::chrono::steady_clock::duration::zero()) return add_locked(key);
    const auto now = clock_.steady();
    const auto at = delay < SteadyTime::max() - now ? now + delay : SteadyTime::max();
    const auto known = deadlines.deadline_of(key);
    if (known && *known <= at) return;
    const bool is_earliest = at < next_due_locked().value_or(SteadyTime::max());
    deadlines.set(key, at);
    // A worker that waits for the previously earliest deadline must restart its wait.
    if (is_earliest) changed_.notify_all();
  }

  std::optional<Key> take_locked() {
    const SteadyTime now = clock_.steady();
    for (const Key& key : delayed_.pop_due(now)) add_locked(key);
    for (const Key& key : rechecks_.pop_due(now)) add_locked(key);
    if (ready_.empty()) return std::nullopt;
    Key key = std::move(ready_.front());
    ready_.pop_front();
    waiting_.erase(key);
    processing_.insert(key);
    return key;
  }

  // Constant after construction.
  const Clock& clock_;
  const RetryDelays delays_;

  // Protected by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Key> ready_;     // in the order of arrival: what get() returns
  std::set<Key> waiting_;     // in ready_, or added while being processed
  std::set<Key> processing_;  // between get() and done()
  Deadlines delayed_;         // of add_after() and add_rate_limited()
  Deadlines rechecks_;        // of recheck_after()
  std::map<Key, Backoff> failures_;
  std::minstd_rand seeds_{std::random_device{}()};
};

}  // namespace curfew::runtime
