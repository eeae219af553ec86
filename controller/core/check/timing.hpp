#pragma once

#include <optional>
#include <string>

#include "core/input.hpp"
#include "core/policy/schedule.hpp"

// When a request's access may begin and must end.
namespace curfew::core {

// spec.startTime, truncated to whole seconds; nullopt if it is missing or is not a time.
std::optional<TimePoint> requested_start(const api::AccessRequest& request);

// With a startTime, the requested period is fixed: it ends at startTime + duration, however late the
// approval. nullopt if there is no startTime, or no duration yet.
std::optional<TimePoint> requested_end(const Input& input);

// The state of the policy's schedule at `input.now`: open if there is no schedule, or none that can be
// evaluated (such a policy is not ready).
ScheduleState window(const Input& input);

// The end of a grant made at `granted_at`. The duration of an extension counts from the end of what it
// `extends`.
TimePoint end_of_grant(const Input& input, TimePoint granted_at, std::chrono::seconds duration,
                       const std::optional<api::ExtendedRef>& extends);

// The latest end that the policy in force allows for an active grant, with the reason for users; nullopt if
// it sets none.
struct LatestEnd {
  TimePoint time;
  std::string why;
};
std::optional<LatestEnd> latest_end(const Input& input, TimePoint granted_at,
                                    const std::optional<api::ExtendedRef>& extends);

// How far the policy in force lets extensions prolong access that began at `since`; nullopt if it allows
// none.
std::optional<TimePoint> extendable_until(const Input& input, TimePoint since);

// When what an ungranted request extends counts as over; nullopt if it extends nothing that has access.
std::optional<TimePoint> last_moment_to_extend(const Input& input);

// When an undecided request times out; nullopt if never.
std::optional<TimePoint> approval_deadline(const Input& input);

// "2026-11-25T07:00:00Z (Wed 08:00 Europe/Berlin)"
std::string describe_opening(const Input& input, TimePoint opens);

// The earlier of two optional times.
std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other);

}  // namespace curfew::core
