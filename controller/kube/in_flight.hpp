#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace curfew::kube {

// How many calls may be under way at once: a controller that has much to do must not be what the API server
// is busy with. Shared by clients; thread-safe.
class InFlight {
 public:
  // most > 0
  explicit InFlight(int most) : free_(most) {}

  // A place among those under way, given back by the destructor; it must not outlive the InFlight.
  class Place {
   public:
    explicit Place(InFlight* whose) : whose_(whose) {}
    ~Place() {
      if (whose_ != nullptr) whose_->leave();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // False: none came free in time, or the wait was stopped.
    explicit operator bool() const { return whose_ != nullptr; }

   private:
    InFlight* whose_;
  };

  // Waits until one is free.
  Place enter(std::chrono::milliseconds patience, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, stop, patience, [this] { return free_ > 0; })) return Place(nullptr);
    --free_;
    return Place(this);
  }

 private:
  void leave() {
    {
      const std::scoped_lock lock(mutex_);
      ++free_;
    }
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  int free_;  // protected by mutex_
};

}  // namespace curfew::kube
