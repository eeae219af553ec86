#include "http/headers.hpp"

#include <date/date.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>

namespace curfew::http {
namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<TimePoint> parse_http_date(std::string_view text) {
  std::istringstream in{std::string(text)};
  date::sys_seconds time;
  in >> date::parse("%a, %d %b %Y %T GMT", time);
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return TimePoint(time);
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text) {
  constexpr int kMaxRetryAfter = 3600;
  const auto seconds = number(text);
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(std::min(*seconds, kMaxRetryAfter));
}

}  // namespace curfew::http
