#pragma once

#include <algorithm>

namespace curfew::kube {

inline constexpr int kMaxPageSize = 500;  // objects
inline constexpr double kTooMuch = 2;     // a share, of a page that was given up

// How many objects the next page of a list should have, after one of `limit` objects took `share` of what a
// page may take, in bytes or in time: half as many where it took too much, twice as many where four times as
// many would have been possible. From 1 to kMaxPageSize. Pure.
constexpr int next_page_size(int limit, double share) {
  constexpr double kRoomForMore = 0.25;
  if (share > 1) return std::max(1, limit / 2);
  return std::clamp(share < kRoomForMore ? limit * 2 : limit, 1, kMaxPageSize);
}

}  // namespace curfew::kube
