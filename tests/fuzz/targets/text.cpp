#include "core/policy/reason_pattern.hpp"
#include "fuzz/targets.hpp"
#include "util/duration.hpp"
#include "util/time.hpp"

namespace curfew::fuzz {

void durations(std::string_view input) {
  const auto duration = parse_duration(input);
  if (!duration) return;
  must(*duration >= std::chrono::seconds(1) && *duration <= kMaxDuration, "a duration is 1s to 8760h");
  const std::string shortest = format_duration(*duration);
  must(parse_duration(shortest) == duration, "a duration that was written reads the same");
  must(format_duration(*parse_duration(shortest)) == shortest, "and is written the same");
}

void times(std::string_view input) {
  const auto time = parse_rfc3339(input);
  if (!time) return;
  must(parse_rfc3339(format_rfc3339_micro(*time)) == time, "a time that was written reads the same");
  must(parse_rfc3339(format_rfc3339(*time)) == TimePoint(floor_to_second(*time)),
       "to the second, without its fraction");
}

void patterns(std::string_view input) {
  const auto line_end = input.find('\n');
  const std::string pattern(input.substr(0, line_end));
  const std::string reason(line_end == std::string_view::npos ? std::string_view()
                                                              : input.substr(line_end + 1));
  const auto problem = core::pattern_problem(pattern);
  must(core::pattern_problem(pattern) == problem, "a pattern's problem is always the same");
  must(!problem || !problem->empty(), "a problem has words");
  const bool matches = core::reason_matches(pattern, reason);
  must(!problem || !matches, "a pattern that cannot be used matches nothing");
}

}  // namespace curfew::fuzz
