#include "core/policy/schedule.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace curfew;
using namespace curfew::core;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

using Days = std::vector<std::string>;
const Days kEveryDay{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

TimePoint at(const std::string& text) {
  const auto time = parse_rfc3339(text);
  INFO(text);
  REQUIRE(time);
  return *time;
}

ScheduleState state_at(const std::vector<api::ScheduleWindow>& windows, const std::string& zone,
                       const std::string& now) {
  const auto found = TimeZone::find(zone);
  REQUIRE(found);
  return schedule_state({.time_zone = zone, .windows = windows}, *found, at(now));
}

// An open state contains only the closing time, a closed state only the opening time.
void check_open_until(const ScheduleState& state, const std::string& end) {
  CHECK(state.is_open);
  CHECK(state.closes == at(end));
  CHECK_FALSE(state.opens);
}

void check_closed_until(const ScheduleState& state, const std::string& start) {
  CHECK_FALSE(state.is_open);
  CHECK(state.opens == at(start));
  CHECK_FALSE(state.closes);
}

}  // namespace

TEST_CASE("a time of day is HH:MM, and 24:00 is the end of the day") {
  CHECK(parse_time_of_day("00:00") == 0min);
  CHECK(parse_time_of_day("08:05") == 485min);
  CHECK(parse_time_of_day("23:59") == 1439min);
  CHECK(parse_time_of_day("24:00") == 1440min);
  const std::string wrong =
      GENERATE(values<std::string>({"", "8:00", "08:0", "0800", "08:60", "24:01", "25:00", "-1:00", "08:00 ",
                                    " 08:00", "08.00", "ab:cd", "08:00:00"}));
  CAPTURE(wrong);
  CHECK_FALSE(parse_time_of_day(wrong));
}

TEST_CASE("a window is open from its start to just before its end") {
  const std::vector<api::ScheduleWindow> office{{{"Mon", "Tue", "Wed", "Thu", "Fri"}, "08:00", "18:00"}};
  check_closed_until(state_at(office, "UTC", "2026-11-24T07:59:59.999999Z"), "2026-11-24T08:00:00Z");
  check_open_until(state_at(office, "UTC", "2026-11-24T08:00:00Z"), "2026-11-24T18:00:00Z");
  check_open_until(state_at(office, "UTC", "2026-11-24T17:59:59.999999Z"), "2026-11-24T18:00:00Z");
  check_closed_until(state_at(office, "UTC", "2026-11-24T18:00:00Z"), "2026-11-25T08:00:00Z");
  check_closed_until(state_at(office, "UTC", "2026-11-27T18:00:00Z"), "2026-11-30T08:00:00Z");
}

TEST_CASE("windows that touch or overlap are one, in whatever order they stand") {
  const auto windows = GENERATE(values<std::vector<api::ScheduleWindow>>({
      {{{"Tue"}, "08:00", "12:00"}, {{"Tue"}, "12:00", "18:00"}},
      {{{"Tue"}, "12:00", "18:00"}, {{"Tue"}, "08:00", "12:00"}},
      {{{"Tue"}, "08:00", "14:00"}, {{"Tue"}, "10:00", "18:00"}},
      {{{"Tue"}, "08:00", "18:00"}, {{"Tue"}, "10:00", "11:00"}},
  }));
  check_open_until(state_at(windows, "UTC", "2026-11-24T09:00:00Z"), "2026-11-24T18:00:00Z");
  check_closed_until(state_at(windows, "UTC", "2026-11-24T18:00:00Z"), "2026-12-01T08:00:00Z");
}

TEST_CASE("a minute between two windows is a gap") {
  const std::vector<api::ScheduleWindow> windows{{{"Tue"}, "08:00", "12:00"}, {{"Tue"}, "12:01", "18:00"}};
  check_open_until(state_at(windows, "UTC", "2026-11-24T11:00:00Z"), "2026-11-24T12:00:00Z");
  check_closed_until(state_at(windows, "UTC", "2026-11-24T12:00:30Z"), "2026-11-24T12:01:00Z");
}

TEST_CASE("a window that ends before it starts ends on the next day, at the week's end too") {
  const std::vector<api::ScheduleWindow> night{{{"Sun"}, "22:00", "06:00"}};
  check_open_until(state_at(night, "UTC", "2026-11-29T23:00:00Z"), "2026-11-30T06:00:00Z");
  check_open_until(state_at(night, "UTC", "2026-11-30T05:59:59Z"), "2026-11-30T06:00:00Z");
  check_closed_until(state_at(night, "UTC", "2026-11-29T05:00:00Z"), "2026-11-29T22:00:00Z");
  check_closed_until(state_at(night, "UTC", "2026-11-30T06:00:00Z"), "2026-12-06T22:00:00Z");
}

TEST_CASE("whole days in a row close at the end of the last") {
  const std::vector<api::ScheduleWindow> weekdays{{{"Mon", "Tue", "Wed", "Thu", "Fri"}, "00:00", "24:00"}};
  check_open_until(state_at(weekdays, "UTC", "2026-11-23T00:00:00Z"), "2026-11-28T00:00:00Z");
}

TEST_CASE("windows that leave no gap never close") {
  const auto windows = GENERATE(values<std::vector<api::ScheduleWindow>>({
      {{kEveryDay, "00:00", "24:00"}},
      {{kEveryDay, "06:00", "05:00"}, {kEveryDay, "04:00", "07:00"}},
      {{kEveryDay, "12:00", "24:00"}, {kEveryDay, "00:00", "12:00"}},
  }));
  const std::string zone = GENERATE("UTC", "Europe/Berlin");
  const std::string now = GENERATE("2026-11-24T20:00:00Z", "2026-03-29T00:59:59Z", "2026-10-25T00:30:00Z");
  const ScheduleState state = state_at(windows, zone, now);
  CHECK(state.is_open);
  CHECK_FALSE(state.closes);
  CHECK_FALSE(state.opens);
}

TEST_CASE("windows that cannot be read, or that there are none of, never open") {
  const auto windows = GENERATE(values<std::vector<api::ScheduleWindow>>(
      {{}, {{{}, "08:00", "18:00"}}, {{{"Tue"}, "8", "18:00"}}, {{{"tuesday"}, "00:00", "24:00"}}}));
  const ScheduleState state = state_at(windows, "UTC", "2026-11-24T10:00:00Z");
  CHECK_FALSE(state.is_open);
  CHECK_FALSE(state.opens);
  CHECK_FALSE(state.closes);
}

TEST_CASE("a bound in the hour that is missing is the moment of the jump") {
  // Berlin, 2026-03-29: the clock jumps from 02:00 to 03:00, at 01:00 UTC.
  check_closed_until(state_at({{{"Sun"}, "02:30", "04:00"}}, "Europe/Berlin", "2026-03-29T00:59:59Z"),
                     "2026-03-29T01:00:00Z");
  check_open_until(state_at({{{"Sun"}, "02:30", "04:00"}}, "Europe/Berlin", "2026-03-29T01:00:00Z"),
                   "2026-03-29T02:00:00Z");
  check_open_until(state_at({{{"Sun"}, "01:00", "02:30"}}, "Europe/Berlin", "2026-03-29T00:30:00Z"),
                   "2026-03-29T01:00:00Z");
}

TEST_CASE("a window that lies in the hour that is missing opens a week later") {
  for (const char* now : {"2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}) {
    CAPTURE(now);
    check_closed_until(state_at({{{"Sun"}, "02:00", "03:00"}}, "Europe/Berlin", now), "2026-04-05T00:00:00Z");
  }
}

TEST_CASE("a bound in the hour that comes twice is the first of the two") {
  // Berlin, 2026-10-25: the clock goes back from 03:00 to 02:00, at 01:00 UTC.
  check_closed_until(state_at({{{"Sun"}, "02:30", "04:00"}}, "Europe/Berlin", "2026-10-25T00:29:59Z"),
                     "2026-10-25T00:30:00Z");
  check_open_until(state_at({{{"Sun"}, "02:30", "04:00"}}, "Europe/Berlin", "2026-10-25T01:15:00Z"),
                   "2026-10-25T03:00:00Z");
  check_open_until(state_at({{{"Sun"}, "01:00", "02:30"}}, "Europe/Berlin", "2026-10-25T00:00:00Z"),
                   "2026-10-25T00:30:00Z");
  check_closed_until(state_at({{{"Sun"}, "01:00", "02:30"}}, "Europe/Berlin", "2026-10-25T01:10:00Z"),
                     "2026-11-01T00:00:00Z");
}

TEST_CASE("a window repeats by the local clock, before and after the change") {
  const std::vector<api::ScheduleWindow> mornings{{kEveryDay, "08:00", "09:00"}};
  check_closed_until(state_at(mornings, "Europe/Berlin", "2026-03-28T12:00:00Z"), "2026-03-29T06:00:00Z");
  check_closed_until(state_at(mornings, "Europe/Berlin", "2026-03-27T12:00:00Z"), "2026-03-28T07:00:00Z");
  check_closed_until(state_at(mornings, "Europe/Berlin", "2026-10-24T12:00:00Z"), "2026-10-25T07:00:00Z");
}

TEST_CASE(
    "at any time of two years a state is what the windows say, and holds until the moment that it names") {
  const std::vector<api::ScheduleWindow> windows{{{"Sat", "Sun"}, "22:30", "02:30"},
                                                 {{"Wed"}, "09:00", "17:00"}};
  const std::string zone =
      GENERATE("Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia");
  const auto found = TimeZone::find(zone);
  const api::Schedule schedule{.time_zone = zone, .windows = windows};
  for (TimePoint now = at("2026-01-01T00:00:00Z"); now < at("2028-01-01T00:00:00Z"); now += 7h + 13min) {
    const ScheduleState state = schedule_state(schedule, *found, now);
    const auto turn = state.is_open ? state.closes : state.opens;
    CAPTURE(zone, format_rfc3339(now));
    REQUIRE(turn);
    REQUIRE(*turn > now);
    REQUIRE(schedule_state(schedule, *found, *turn - 1us).is_open == state.is_open);
    REQUIRE(schedule_state(schedule, *found, *turn).is_open != state.is_open);
  }
}
