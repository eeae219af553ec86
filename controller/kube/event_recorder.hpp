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

// Posts Events, best effort: nobody waits for one. Thread-safe.
class EventRecorder {
 public:
  // `instance` names this process in the Events: the Pod's name. `on_dropped`, on any thread: an Event will
  // not be written, since the queue was full, it was refused or failed a few times, or there was no time for
  // it at the end. `is_busy`, on run()'s thread: while there is something more urgent for the API server to
  // do, Events wait, each for half a minute at most.
  EventRecorder(Client& client, std::string instance, std::function<void()> on_dropped = {},
                std::function<bool()> is_busy = {});

  // Never blocks. Name, namespace (the regarding object's; "default" for cluster-scoped ones) and instance
  // are filled in. With 4,000 waiting, drops it.
  void record(api::Event event);

  // Posts until stopped, and then for up to a second more what still waits.
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
