#pragma once

#include <algorithm>
#include <limits>

namespace curfew::kube {

inline constexpr int kMaxPageSize = 500;  // objects
inline constexpr double kTooMuch = 2;     // the share for a page that was given up
// The share for a page of which nothing arrived within the deadline.
inline constexpr double kNoAnswer = std::numeric_limits<double>::infinity();

// The number of objects for the next page of a list, after a page of `limit` objects used `share` of a page's
// limit in bytes or time: half as many if it exceeded the limit, a hundredth if there was no answer, since
// each attempt takes the whole deadline, twice as many if four times as many would have fitted. From 1 to
// kMaxPageSize. Pure.
constexpr int next_page_size(int limit, double share) {
  constexpr double kRoomForMore = 0.25;
  if (share == kNoAnswer) return std::max(1, limit / 100);
  if (share > 1) return std::max(1, limit / 2);
  return std::clamp(share < kRoomForMore ? limit * 2 : limit, 1, kMaxPageSize);
}

}  // namespace curfew::kube
