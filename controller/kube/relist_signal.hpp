#pragma once

#include <mutex>
#include <stop_token>
#include <utility>

namespace curfew::kube {

// Asks a reflector for a new list, from any thread.
class RelistSignal {
 public:
  void request() {
    const std::scoped_lock lock(mutex_);
    is_requested_ = true;
    watch_.request_stop();
  }

  // -- the reflector's side

  // Stopped by a request() from now on, or by one since the last take().
  std::stop_token begin_watch() {
    const std::scoped_lock lock(mutex_);
    watch_ = std::stop_source();
    if (is_requested_) watch_.request_stop();
    return watch_.get_token();
  }
  bool take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(is_requested_, false);
  }

 private:
  std::mutex mutex_;  // protects all below
  std::stop_source watch_;
  bool is_requested_ = false;
};

}  // namespace curfew::kube
