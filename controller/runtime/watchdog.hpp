#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::runtime {

// Detects threads that are stuck, for /healthz. A thread that waits for work is not watched; one that works
// is, from begin() until its Task is destroyed, and so is a loop that calls beat() each time it comes round.
// Uses the steady clock: a machine that was suspended or whose clock was set is no reason to restart.
// Thread-safe.
class Watchdog {
 public:
  // Longer than any unit of work: a reconcile makes some calls to the API server with deadlines of ten
  // seconds each, and a list that is too slow is repeated in smaller pages.
  static constexpr std::chrono::minutes kLimit{5};

  // The clock must outlive it.
  explicit Watchdog(const Clock& clock, std::chrono::steady_clock::duration limit = kLimit)
      : clock_(clock), limit_(limit) {}

  // A unit of work; destroyed when it is done.
  class Task {
   public:
    Task(Watchdog& owner, std::uint64_t id) : owner_(&owner), id_(id) {}
    Task(Task&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    Task& operator=(Task&&) = delete;
    ~Task() {
      if (owner_ != nullptr) owner_->end(id_);
    }

   private:
    Watchdog* owner_;
    std::uint64_t id_;
  };

  // `what` names the work in the message of stuck().
  Task begin(std::string what);

  // The loop `name` has come round. From its first call on it must come round again within the limit.
  void beat(const std::string& name);

  // What has been stuck the longest, as a sentence; nullopt if nothing exceeds the limit.
  std::optional<std::string> stuck() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  struct Work {
    std::string what;
    SteadyTime began;
  };
  struct State {
    std::uint64_t next_id = 0;
    std::map<std::uint64_t, Work> tasks;  // in the order in which they began
    std::map<std::string, SteadyTime> loops;
  };

  void end(std::uint64_t id);

  const Clock& clock_;
  const std::chrono::steady_clock::duration limit_;
  Guarded<State> state_;
};

}  // namespace curfew::runtime
