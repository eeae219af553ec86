#pragma once

#include <chrono>
#include <random>

namespace curfew {

// Exponential delays with jitter: first, 2*first, ... up to longest, each scaled by a random factor of 0.75
// to 1.25 but never above longest. Not thread-safe: one owner each.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest,
          unsigned seed = std::random_device{}());

  std::chrono::milliseconds next();
  void reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::minstd_rand random_;
  int failures_ = 0;
};

}  // namespace curfew
