#pragma once

#include <optional>

#include "api/access_policy.hpp"
#include "util/time.hpp"
#include "util/time_zone.hpp"

namespace curfew::core {

// The state of a schedule at one moment.
struct ScheduleState {
  bool is_open = false;
  std::optional<TimePoint> closes;  // when open; nullopt if it never closes (windows without a gap)
  std::optional<TimePoint> opens;   // when closed; nullopt if it never opens
};

// Windows repeat weekly in local time. A window whose end is not after its start ends on the next day;
// windows that touch are one. At a clock change, a bound that occurs twice means its first occurrence, and a
// bound that does not occur means the moment of the jump, so a window inside the missing hour does not open
// that day.
ScheduleState schedule_state(const api::Schedule& schedule, const TimeZone& zone, TimePoint now);

// "08:00" as minutes since midnight; 24:00 is 1440. nullopt for anything else.
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text);

}  // namespace curfew::core
