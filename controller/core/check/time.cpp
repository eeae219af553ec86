#include "api/names.hpp"
#include "core/check/checks.hpp"
#include "core/check/timing.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"
#include "util/duration.hpp"

namespace curfew::core::checks {
namespace {

namespace reason = api::reason;

constexpr std::string_view kUsualStartDelay = "2160h";  // 90 days

std::string person_of(const Input& in) {
  const auto subject = effective_subject(*in.request);
  return subject ? username_of(*subject) : std::string("somebody");
}

}  // namespace

std::optional<Denial> is_not_ended_before(const Input& in) {
  if (!in.earlier) return std::nullopt;
  const bool is_once_by_name = in.policy->spec.limits && in.policy->spec.limits->once_by_name;
  const std::string name = api::to_string(in.request->metadata.key());
  const std::string ended =
      in.earlier->message + (in.earlier->time ? " (" + format_rfc3339(*in.earlier->time) + ")" : "");
  return denial(
      reason::kEndedBefore,
      "an earlier request " + name + (is_once_by_name ? "" : " for the same time") + " is over: " + ended +
          "; what was ended is not given again: " +
          (is_once_by_name ? "under " + core::describe(*in.policy) + " every request needs a name of its own"
                           : "ask under another name, or for another time"));
}

std::optional<Denial> start_time_is_valid(const Input& in) {
  const std::string& text = in.request->spec.start_time;
  if (text.empty()) return std::nullopt;
  if (!in.request->spec.extends.empty())
    return denial(
        reason::kStartTimeInvalid,
        "spec.startTime and spec.extends exclude each other: an extension begins when it is decided");
  if (requested_start(*in.request)) return std::nullopt;
  return denial(reason::kStartTimeInvalid,
                "spec.startTime " + in_quotes(text) + " is not a time: write it like 2026-11-24T20:00:00Z");
}

std::optional<Denial> duration_is_valid(const Input& in) {
  const std::string text = effective_duration(*in.request, in.policy.get());
  if (parse_duration(text)) return std::nullopt;
  return denial(
      reason::kDurationInvalid,
      "spec.duration " + in_quotes(text) +
          " is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h");
}

std::optional<Denial> duration_is_within_limit(const Input& in) {
  const auto& spec = in.policy->spec;
  const std::string text = effective_duration(*in.request, in.policy.get());
  const auto longest = parse_duration(spec.max_duration);
  const auto wanted = parse_duration(text);
  if (longest && wanted && *wanted <= *longest) return std::nullopt;
  const std::string asked = in.request->spec.duration.empty() ? "the default duration " + text
                                                              : "spec.duration " + in.request->spec.duration;
  return denial(reason::kDurationTooLong, asked + " is longer than the " + spec.max_duration + " that " +
                                              describe(*in.policy) + " allows");
}

// The requester's groups are those at the time of the request, and approvals count from then on: neither may
// age for years.
std::optional<Denial> start_is_near(const Input& in) {
  const auto start = requested_start(*in.request);
  if (!start) return std::nullopt;
  const std::string& said = in.policy->spec.max_start_delay;
  const std::string text = said.empty() ? std::string(kUsualStartDelay) : said;
  const auto delay = parse_duration(text);
  if (!delay) return std::nullopt;  // such a policy is not ready, and that denial is reported
  const TimePoint created = in.request->metadata.creation_timestamp;
  // A hypothetical request has no creationTimestamp.
  const TimePoint asked_at = created == TimePoint{} ? in.now : created;
  if (*start <= asked_at + *delay) return std::nullopt;
  return denial(reason::kStartTimeTooFar,
                "spec.startTime " + format_rfc3339(*start) + " is farther ahead than the " + text + " that " +
                    describe(*in.policy) + " allows" +
                    (said.empty() ? " where it has no spec.duration.maxStartDelay"
                                  : " in spec.duration.maxStartDelay") +
                    ": the latest that is accepted is " + format_rfc3339(floor_to_second(asked_at + *delay)));
}

// For active grants: if the policy ends grants at window close, a window must be open.
std::optional<Denial> window_has_not_closed(const Input& in) {
  const auto& schedule = in.policy->spec.schedule;
  if (!schedule || !schedule->end_at_window_close || window(in).is_open) return std::nullopt;
  return denial(reason::kOutsideSchedule, "it is outside the schedule of " + describe(*in.policy) +
                                              ", whose grants end with their window");
}

std::optional<Denial> start_has_come(const Input& in) {
  const auto start = requested_start(*in.request);
  if (!start || in.now >= *start) return std::nullopt;
  return denial(reason::kScheduled,
                "access starts at " + format_rfc3339(*start) + ", as asked in spec.startTime");
}

std::optional<Denial> schedule_is_open(const Input& in) {
  const ScheduleState state = window(in);
  if (state.is_open) return std::nullopt;
  return denial(reason::kOutsideSchedule,
                "outside the schedule of " + describe(*in.policy) +
                    (state.opens ? ", which opens next at " + describe_opening(in, *state.opens)
                                 : ", which never opens"));
}

std::optional<Denial> active_is_within_limit(const Input& in) {
  const auto& limits = in.policy->spec.limits;
  if (!limits || !limits->active_per_requester || in.usage.active < *limits->active_per_requester)
    return std::nullopt;
  return denial(reason::kTooManyActive, person_of(in) + " has " + std::to_string(in.usage.active) +
                                            " active under " + describe(*in.policy) +
                                            ", whose limits.activePerRequester is " +
                                            std::to_string(*limits->active_per_requester) +
                                            ": end one first, with the annotation curfew.dev/revoke");
}

std::optional<Denial> cooldown_is_over(const Input& in) {
  const auto& limits = in.policy->spec.limits;
  if (!limits || !in.usage.last_end) return std::nullopt;
  const auto cooldown = parse_duration(limits->cooldown);
  if (!cooldown || in.now >= *in.usage.last_end + *cooldown) return std::nullopt;
  return denial(reason::kCooldown,
                person_of(in) + " had access under " + describe(*in.policy) + " until " +
                    format_rfc3339(*in.usage.last_end) + ", and its limits.cooldown is " + limits->cooldown +
                    ": ask again from " +
                    format_rfc3339(std::chrono::ceil<std::chrono::seconds>(*in.usage.last_end + *cooldown)));
}

}  // namespace curfew::core::checks
