#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace curfew::kube {

// Limits the number of calls in flight, so that a busy controller does not overload the API server. Shared by
// clients; thread-safe.
class InFlight {
 public:
  // most > 0
  explicit InFlight(int most) : free_(most) {}

  // A slot for a call in flight, released by the destructor; it must not outlive the InFlight.
  class Place {
   public:
    explicit Place(InFlight* whose) : whose_(whose) {}
    ~Place() {
      if (whose_ != nullptr) whose_->leave();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // False: no slot became free in time, or the wait was stopped.
    explicit operator bool() const { return whose_ != nullptr; }

   private:
    InFlight* whose_;
  };

  // Waits for a free slot, for at most `patience`.
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
