#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "api/event.hpp"
#include "kube/client.hpp"

namespace curfew::kube {

// Posts Events asynchronously and on a best-effort basis. Thread-safe.
class EventRecorder {
 public:
  // `instance` identifies this process in the Events: the Pod's name. `on_dropped`, on any thread: an Event
  // will not be written, because the queue was full, the Event was refused or failed a few times, or shutdown
  // left no time for it; not for an Event whose namespace is gone or going. `is_busy`, on run()'s thread:
  // while more urgent calls to the API server are pending, Events wait, each for at most half a minute.
  EventRecorder(Client& client, std::string instance, std::function<void()> on_dropped = {},
                std::function<bool()> is_busy = {});

  // Never blocks. Fills in the name, the namespace (of the regarding object; "default" if that is
  // cluster-scoped) and the instance. Drops the Event if 4,000 are queued.
  void record(api::Event event);

  // Posts until stopped, and then posts the remaining queue for up to one more second.
  void run(const std::stop_token& stop);

 private:
  struct Waiting {
    api::Event event;
    std::chrono::steady_clock::time_point since;
  };
  std::optional<Waiting> next(const std::stop_token& stop);
  std::optional<Waiting> take();
  void give_way(const Waiting& waiting, const std::stop_token& stop) const;
  bool post(const api::Event& event, const std::stop_token& stop);
  void post_the_rest();
  void count_dropped() const;
  std::string unique_name(const std::string& name);

  Client& client_;
  const std::string instance_;
  const std::function<void()> on_dropped_;
  const std::function<bool()> is_busy_;
  std::atomic<std::uint64_t> sequence_;
  std::mutex mutex_;  // protects queue_
  std::condition_variable_any ready_;
  std::deque<Waiting> queue_;
};

}  // namespace curfew::kube
