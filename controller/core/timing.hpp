#pragma once

#include <optional>
#include <string>

#include "core/input.hpp"
#include "core/schedule.hpp"

// When a request's access may begin and has to end.
namespace curfew::core {

// spec.startTime; nullopt where there is none, or what is there is not a time. A fraction of a second is cut
// off.
std::optional<TimePoint> requested_start(const api::AccessRequest& request);

// With a startTime the span that was asked for is fixed: startTime + duration, however late the approval.
// nullopt: no startTime, or no duration yet.
std::optional<TimePoint> requested_end(const Input& input);

// Where `input.now` stands in the policy's schedule: open where there is none, or none that can be evaluated
// (such a policy is not ready).
ScheduleState window(const Input& input);

// When a grant made at that time ends.
TimePoint end_of_grant(const Input& input, TimePoint granted_at, std::chrono::seconds duration);

// The latest end that the policy in force allows an active grant; nullopt: it says nothing. With the reason
// why, for people.
struct LatestEnd {
  TimePoint time;
  std::string why;
};
std::optional<LatestEnd> latest_end(const Input& input, TimePoint granted_at);

// When an undecided request times out; nullopt: never.
std::optional<TimePoint> approval_deadline(const Input& input);

// "2026-11-25T07:00:00Z (Wed 08:00 Europe/Berlin)"
std::string describe_opening(const Input& input, TimePoint opens);

// The earlier of two that may be missing.
std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other);

}  // namespace curfew::core
