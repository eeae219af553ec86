#pragma once

#include <chrono>

#include "util/time.hpp"

namespace curfew {

// The only source of time. Threads share it: implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;                                 // wall clock, can step
  virtual std::chrono::steady_clock::time_point steady() const = 0;  // never goes back
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  std::chrono::steady_clock::time_point steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace curfew
