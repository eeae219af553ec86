#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace curfew {

// Wall-clock time, UTC, microseconds: what Kubernetes' MicroTime holds.
using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;

// RFC 3339 as Kubernetes reads it: "2026-11-24T20:00:00Z", fractions and numeric offsets allowed. nullopt for
// anything else, and for dates that do not exist or are outside the years 1 to 9999 in UTC.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

// "2026-11-24T20:00:00Z": metav1.Time; truncates fractions of a second.
std::string format_rfc3339(TimePoint time);

// "2026-11-24T20:00:00.123456Z": metav1.MicroTime.
std::string format_rfc3339_micro(TimePoint time);

inline std::chrono::sys_seconds floor_to_second(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace curfew
