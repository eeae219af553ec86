#pragma once

#include <atomic>

#include "util/clock.hpp"

namespace curfew::testing {

// Stands still until a test moves it. The wall clock can be stepped alone, as administrators and NTP do.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(std::chrono::microseconds(wall_.load())); }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::microseconds(steady_.load()));
  }

  void advance(std::chrono::microseconds by) {
    wall_ += by.count();
    steady_ += by.count();
  }
  void step_wall(std::chrono::microseconds by) { wall_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_{1'764'000'000'000'000};
  std::atomic<std::int64_t> steady_{5'000'000'000};
};

}  // namespace curfew::testing
