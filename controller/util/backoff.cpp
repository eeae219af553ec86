#include "util/backoff.hpp"

#include <algorithm>

namespace curfew {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, unsigned seed)
    : first_(first), longest_(longest), random_(seed) {}

std::chrono::milliseconds Backoff::next() {
  constexpr int kMaxDoublings = 20;
  const auto doubled = first_ * (1LL << std::min(failures_, kMaxDoublings));
  ++failures_;
  const double jitter = std::uniform_real_distribution<>(0.75, 1.25)(random_);
  const auto capped = std::min<std::chrono::milliseconds>(doubled, longest_);
  const std::chrono::milliseconds jittered(
      static_cast<std::chrono::milliseconds::rep>(static_cast<double>(capped.count()) * jitter));
  return std::clamp(jittered, std::chrono::milliseconds(1), longest_);
}

}  // namespace curfew
