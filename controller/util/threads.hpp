#pragma once

#include <functional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace curfew {

// Threads that end together. The destructor requests their stop and joins them. Not thread-safe.
class Threads {
 public:
  // Starts a thread; `run` has to return soon after a stop request.
  void start(std::function<void(const std::stop_token&)> run) {
    threads_.emplace_back([run = std::move(run)](const std::stop_token& stop) { run(stop); });
  }

  void request_stop() {
    for (std::jthread& thread : threads_) thread.request_stop();
  }

  void stop() {
    request_stop();
    threads_.clear();
  }

  ~Threads() { stop(); }
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  std::vector<std::jthread> threads_;
};

}  // namespace curfew
