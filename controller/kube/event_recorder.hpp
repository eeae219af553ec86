#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>

#include "api/event.hpp"
#include "kube/client.hpp"

namespace curfew::kube {

// Posts Events, best effort: nobody waits for one. Thread-safe.
class EventRecorder {
 public:
  // `instance` names this process in the Events: the Pod's name.
  EventRecorder(Client& client, std::string instance);

  // Never blocks. Name, namespace (the regarding object's; "default" for cluster-scoped ones) and instance are filled in. With 1,000 waiting, drops it.
  void record(api::Event event);

  // Posts until stopped.
  void run(const std::stop_token& stop);

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }  // the queue was full
  std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }    // given up after a few tries

 private:
  void post(const api::Event& event, const std::stop_token& stop);
  std::string unique_name(const std::string& name);

  Client& client_;
  const std::string instance_;
  std::atomic<std::uint64_t> sequence_;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::mutex mutex_;  // protects queue_
  std::condition_variable_any ready_;
  std::deque<api::Event> queue_;
};

}  // namespace curfew::kube
