#include "core/check/timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/describe.hpp"
#include "core/effective.hpp"
#include "util/duration.hpp"

namespace curfew::core {

std::optional<TimePoint> requested_start(const api::AccessRequest& request) {
  const auto start = parse_rfc3339(request.spec.start_time);
  if (!start) return std::nullopt;
  return floor_to_second(*start);
}

std::optional<TimePoint> requested_end(const Input& input) {
  const auto start = requested_start(*input.request);
  const auto duration = parse_duration(effective_duration(*input.request, input.policy.get()));
  if (!start || !duration) return std::nullopt;
  return *start + *duration;
}

ScheduleState window(const Input& input) {
  if (!input.policy || !input.policy->spec.schedule || !input.time_zone)
    return {.is_open = true, .closes = std::nullopt, .opens = std::nullopt};
  return schedule_state(*input.policy->spec.schedule, *input.time_zone, input.now);
}

TimePoint end_of_grant(const Input& input, TimePoint granted_at, std::chrono::seconds duration,
                       const std::optional<api::ExtendedRef>& extends) {
  TimePoint end = (extends ? extends->expires_at : granted_at) + duration;
  if (const auto fixed = requested_end(input)) end = std::min(end, *fixed);
  if (const auto latest = latest_end(input, granted_at, extends)) end = std::min(end, latest->time);
  return end;
}

std::optional<LatestEnd> latest_end(const Input& input, TimePoint granted_at,
                                    const std::optional<api::ExtendedRef>& extends) {
  if (!input.policy) return std::nullopt;
  const auto& spec = input.policy->spec;
  std::optional<LatestEnd> latest;
  if (const auto longest = parse_duration(spec.max_duration)) {
    latest = LatestEnd{.time = (extends ? extends->expires_at : granted_at) + *longest,
                       .why = "spec.duration.max is " + spec.max_duration};
  }
  if (const auto until = extends ? extendable_until(input, extends->since) : std::nullopt;
      until && (!latest || *until < latest->time))
    latest = LatestEnd{.time = *until, .why = "spec.duration.maxTotal is " + spec.max_total};
  if (!spec.schedule || !spec.schedule->end_at_window_close) return latest;
  const ScheduleState state = window(input);
  if (state.closes && (!latest || *state.closes < latest->time))
    latest = LatestEnd{.time = *state.closes, .why = "its window closes then"};
  return latest;
}

std::optional<TimePoint> extendable_until(const Input& input, TimePoint since) {
  const auto total = input.policy ? parse_duration(input.policy->spec.max_total) : std::nullopt;
  if (!total) return std::nullopt;
  return floor_to_second(since) + *total;
}

std::optional<TimePoint> last_moment_to_extend(const Input& input) {
  if (!input.extended || !input.extended->access) return std::nullopt;
  return input.extended->access->expires_at - input.settings.end_lead;
}

std::optional<TimePoint> approval_deadline(const Input& input) {
  if (!input.policy) return std::nullopt;
  const auto timeout = parse_duration(input.policy->spec.approval.timeout);
  if (!timeout) return std::nullopt;
  return input.request->metadata.creation_timestamp + *timeout;
}

std::string describe_opening(const Input& input, TimePoint opens) {
  std::string text = format_rfc3339(opens);
  if (!input.time_zone || !input.policy || !input.policy->spec.schedule) return text;
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const LocalSeconds local = input.time_zone->to_local(opens);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(local - day).count();
  return fmt::format("{} ({} {:02}:{:02} {})", text, kDays.at(std::chrono::weekday(day).c_encoding()),
                     minutes / 60, minutes % 60, input.policy->spec.schedule->time_zone);
}

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

}  // namespace curfew::core
