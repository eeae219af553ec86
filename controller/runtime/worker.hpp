#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/watchdog.hpp"
#include "runtime/work_queue.hpp"
#include "util/log.hpp"

namespace curfew::runtime {

// The result of a handler for its key.
struct Outcome {
  enum class Kind {
    Done,              // no retry; a non-zero `after` schedules a wake-up
    RetryAfter,        // requeue after `after`: set by the server, or the pace of this failure
    RetryRateLimited,  // requeue with this key's backoff
    RetryNow,          // write conflict: look again, without counting a failure
  };
  Kind kind = Kind::Done;
  std::chrono::steady_clock::duration after{};
};

// All optional; called on the worker's thread.
struct WorkerHooks {
  std::function<void()> on_error;  // a retry after a failure: RetryAfter, RetryRateLimited
  std::function<void()> on_panic;  // the handler threw, which is a bug
  Watchdog* watchdog = nullptr;    // watches each handler while it runs; must outlive the workers
};

// Threads that take keys from the queue, one key each at a time. The destructor stops them and waits for the
// handlers to return.
template <class Key>
class Workers {
 public:
  using Handler = std::function<Outcome(const Key&, std::stop_token)>;

  // After a conflict our copy is stale: wait this long for the watch to deliver the new version, instead of
  // asking the server in a loop.
  static constexpr std::chrono::milliseconds kConflictPause{10};

  // The queue must outlive the workers.
  Workers(WorkQueue<Key>& queue, Handler handler, int threads, WorkerHooks hooks = {})
      : queue_(queue), handler_(std::move(handler)), hooks_(std::move(hooks)) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Requests all threads to stop before it joins any.
  void stop() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
  }

 private:
  void run(const std::stop_token& stop) {
    while (const auto key = queue_.get(stop)) {
      const auto task = begin_task();
      settle(*key, handle(*key, stop));
      queue_.done(*key);
    }
  }

  // /healthz is public: no names of objects.
  std::optional<Watchdog::Task> begin_task() const {
    if (hooks_.watchdog == nullptr) return std::nullopt;
    return hooks_.watchdog->begin("a worker");
  }

  // The whole retry policy.
  void settle(const Key& key, Outcome outcome) {
    switch (outcome.kind) {
      case Outcome::Kind::Done:
        queue_.forget(key);
        if (outcome.after > std::chrono::steady_clock::duration::zero()) queue_.add_after(key, outcome.after);
        break;
      case Outcome::Kind::RetryAfter:
        queue_.forget(key);
        queue_.add_after(key, outcome.after);
        count(hooks_.on_error);
        break;
      case Outcome::Kind::RetryRateLimited:
        queue_.add_rate_limited(key);
        count(hooks_.on_error);
        break;
      case Outcome::Kind::RetryNow: queue_.add_after(key, kConflictPause); break;
    }
  }

  // The only place that catches a bug in a handler: counts it, logs it and retries the key.
  Outcome handle(const Key& key, const std::stop_token& stop) {
    std::string what = "not a std::exception";
    try {
      return handler_(key, stop);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {  // NOLINT(bugprone-empty-catch): logged below, like the other
    }
    log::error("handler panicked", {{"key", name_of(key)}, {"err", what}});
    count(hooks_.on_panic);
    return {.kind = Outcome::Kind::RetryRateLimited};
  }

  static void count(const std::function<void()>& hook) {
    if (hook) hook();
  }

  static std::string name_of(const Key& key) {
    if constexpr (std::convertible_to<Key, std::string_view>) {
      return std::string(std::string_view(key));
    } else {
      return to_string(key);
    }
  }

  WorkQueue<Key>& queue_;
  const Handler handler_;
  const WorkerHooks hooks_;
  std::vector<std::jthread> threads_;  // last: the threads use the other members
};

}  // namespace curfew::runtime
