#include "util/time.hpp"

#include <fmt/format.h>

namespace curfew {
namespace {

constexpr std::chrono::sys_days kEarliest = std::chrono::year(1) / 1 / 1;
constexpr std::chrono::sys_days kTooLate = std::chrono::year(10000) / 1 / 1;

// Reads exactly `width` digits at `at` and advances past them; false if they are not all there.
bool digits(std::string_view text, std::size_t& at, std::size_t width, int& value) {
  if (at + width > text.size()) return false;
  value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  at += width;
  return true;
}

bool literal(std::string_view text, std::size_t& at, std::string_view accepted) {
  if (at >= text.size() || accepted.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

// ".123456789": any number of digits; truncates below a microsecond.
bool fraction(std::string_view text, std::size_t& at, std::chrono::microseconds& value) {
  if (at >= text.size() || text[at] != '.') return true;
  ++at;
  const std::size_t start = at;
  int micros = 0;
  int scale = 100000;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
    micros += (text[at] - '0') * scale;
  value = std::chrono::microseconds(micros);
  return at > start;
}

bool offset(std::string_view text, std::size_t& at, std::chrono::minutes& value) {
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
    return true;
  }
  const bool west = at < text.size() && text[at] == '-';
  int hours = 0;
  int minutes = 0;
  if (!literal(text, at, "+-") || !digits(text, at, 2, hours) || !literal(text, at, ":") ||
      !digits(text, at, 2, minutes))
    return false;
  if (hours > 23 || minutes > 59) return false;
  value = std::chrono::minutes(hours * 60 + minutes) * (west ? -1 : 1);
  return true;
}

}  // namespace

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  std::size_t at = 0;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::chrono::microseconds micros{0};
  std::chrono::minutes east{0};
  const bool shaped = digits(text, at, 4, year) && literal(text, at, "-") && digits(text, at, 2, month) &&
                      literal(text, at, "-") && digits(text, at, 2, day) && literal(text, at, "Tt") &&
                      digits(text, at, 2, hour) && literal(text, at, ":") && digits(text, at, 2, minute) &&
                      literal(text, at, ":") && digits(text, at, 2, second) && fraction(text, at, micros) &&
                      offset(text, at, east) && at == text.size();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!shaped || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const TimePoint time(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                       std::chrono::minutes(minute) + std::chrono::seconds(second) + micros - east);
  // Checks the time in UTC, because that is what is written again.
  if (time < kEarliest || time >= kTooLate) return std::nullopt;
  return time;
}

std::string format_rfc3339(TimePoint time) {
  const auto seconds = floor_to_second(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string format_rfc3339_micro(TimePoint time) {
  std::string text = format_rfc3339(time);
  text.pop_back();
  return text + fmt::format(".{:06}Z", (time - floor_to_second(time)).count());
}

}  // namespace curfew
