#include "support/eventually.hpp"

#include <thread>

namespace curfew::test {

bool eventually(std::chrono::milliseconds timeout, const std::function<bool()>& condition) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kPause = std::chrono::milliseconds(25);
  const auto deadline = Clock::now() + timeout;
  while (true) {
    if (condition()) return true;
    const auto now = Clock::now();
    if (now >= deadline) return false;
    std::this_thread::sleep_for(std::min<Clock::duration>(kPause, deadline - now));
  }
}

}  // namespace curfew::test
