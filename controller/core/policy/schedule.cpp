#include "core/policy/schedule.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace curfew::core {
namespace {

using std::chrono::days;
using std::chrono::minutes;

// A window of up to two days that began before today may still be open. The next window opens within a week,
// or within two if a clock change removed it.
constexpr int kDaysBack = 2;
constexpr int kDaysAhead = 15;

struct Interval {
  TimePoint from;
  TimePoint to;
};

bool falls_on(const api::ScheduleWindow& window, std::chrono::weekday day) {
  constexpr std::array<std::string_view, 7> kNames{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  return std::ranges::find(window.days, kNames.at(day.c_encoding())) != window.days.end();
}

std::vector<Interval> intervals(const api::Schedule& schedule, const TimeZone& zone, TimePoint now) {
  const auto today = std::chrono::floor<days>(zone.to_local(now));
  std::vector<Interval> all;
  for (const api::ScheduleWindow& window : schedule.windows) {
    const auto start = parse_time_of_day(window.start);
    auto end = parse_time_of_day(window.end);
    if (!start || !end) continue;
    if (*end <= *start) *end += days(1);
    for (int offset = -kDaysBack; offset <= kDaysAhead; ++offset) {
      const std::chrono::local_days day = today + days(offset);
      if (!falls_on(window, std::chrono::weekday(day))) continue;
      const Interval interval{zone.first_moment_of(day + *start), zone.first_moment_of(day + *end)};
      if (interval.from < interval.to) all.push_back(interval);
    }
  }
  return all;
}

// Sorts the intervals and merges those that touch or overlap.
std::vector<Interval> merged(std::vector<Interval> all) {
  std::ranges::sort(all, {}, &Interval::from);
  std::vector<Interval> result;
  for (const Interval& next : all) {
    if (!result.empty() && next.from <= result.back().to)
      result.back().to = std::max(result.back().to, next.to);
    else
      result.push_back(next);
  }
  return result;
}

}  // namespace

std::optional<minutes> parse_time_of_day(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour > 24 || (hour == 24 && minute > 0)) return std::nullopt;
  return minutes(hour * 60 + minute);
}

ScheduleState schedule_state(const api::Schedule& schedule, const TimeZone& zone, TimePoint now) {
  const TimePoint horizon = now + days(kDaysAhead - 2);
  for (const Interval& interval : merged(intervals(schedule, zone, now))) {
    if (interval.to <= now) continue;
    if (interval.from > now) return {.is_open = false, .closes = std::nullopt, .opens = interval.from};
    if (interval.to > horizon) return {.is_open = true, .closes = std::nullopt, .opens = std::nullopt};
    return {.is_open = true, .closes = interval.to, .opens = std::nullopt};
  }
  return {};
}

}  // namespace curfew::core
