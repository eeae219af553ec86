#pragma once

#include <optional>

#include "api/access_policy.hpp"
#include "util/time.hpp"
#include "util/time_zone.hpp"

namespace curfew::core {

// Where a moment stands in a schedule.
struct ScheduleState {
  bool is_open = false;
  std::optional<TimePoint> closes;  // when open: nullopt if it never does (windows that leave no gap)
  std::optional<TimePoint> opens;   // when closed: nullopt if it never does
};

// Windows repeat weekly by the local clock. A window whose end is not after its start ends on the next day;
// windows that touch are one. Where the clocks change, a bound that comes twice is the first of the two, one
// that does not come is the moment of the jump, so that a window that lies in the missing hour does not open
// that day.
ScheduleState schedule_state(const api::Schedule& schedule, const TimeZone& zone, TimePoint now);

// "08:00" as minutes since midnight; 24:00 is 1440. nullopt for anything else.
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text);

}  // namespace curfew::core
