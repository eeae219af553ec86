#include "util/time.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace std::chrono_literals;
using namespace curfew;

namespace {

constexpr TimePoint kEvening = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 20h;

}  // namespace

TEST_CASE("RFC 3339 times are read as Kubernetes writes them, and as people do") {
  const auto [text, expected] = GENERATE(table<std::string, TimePoint>(
      {{"2026-11-24T20:00:00Z", kEvening},
       {"2026-11-24t20:00:00z", kEvening},
       {"2026-11-24T20:00:00.5Z", kEvening + 500ms},
       {"2026-11-24T20:00:00.123456Z", kEvening + 123456us},
       {"2026-11-24T20:00:00.123456789Z", kEvening + 123456us},
       {"2026-11-24T21:00:00+01:00", kEvening},
       {"2026-11-24T14:30:00-05:30", kEvening},
       {"2026-11-25T19:59:00+23:59", kEvening},
       {"2024-02-29T00:00:00Z", std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)},
       {"1970-01-01T00:00:00Z", TimePoint{}}}));
  CAPTURE(text);
  CHECK(parse_rfc3339(text) == expected);
}

TEST_CASE("what is not a time, or not on the calendar, is refused") {
  const std::string text = GENERATE(values<std::string>({"",
                                                         "banana",
                                                         "2026-11-24",
                                                         "2026-11-24T20:00:00",
                                                         "2026-11-24 20:00:00Z",
                                                         "2026-11-24T20:00Z",
                                                         "2026-02-29T00:00:00Z",
                                                         "2026-13-01T00:00:00Z",
                                                         "2026-00-01T00:00:00Z",
                                                         "2026-11-31T00:00:00Z",
                                                         "2026-11-24T24:00:00Z",
                                                         "2026-11-24T20:60:00Z",
                                                         "2026-11-24T20:00:60Z",
                                                         "2026-11-24T20:00:00.Z",
                                                         "2026-11-24T20:00:00+0100",
                                                         "2026-11-24T20:00:00+24:00",
                                                         "2026-11-24T20:00:00Zx",
                                                         " 2026-11-24T20:00:00Z",
                                                         "0000-01-01T00:00:00Z",
                                                         "12026-11-24T20:00:00Z",
                                                         "-026-11-24T20:00:00Z"}));
  CAPTURE(text);
  CHECK_FALSE(parse_rfc3339(text));
}

TEST_CASE("a time is of the years 1 to 9999 wherever its clock stands") {
  CHECK(parse_rfc3339("0001-01-01T00:00:00Z"));
  CHECK(parse_rfc3339("0001-01-01T01:00:00+01:00") == parse_rfc3339("0001-01-01T00:00:00Z"));
  CHECK_FALSE(parse_rfc3339("0001-01-01T00:00:00+00:01"));
  CHECK(parse_rfc3339("9999-12-31T23:59:59.999999Z"));
  CHECK_FALSE(parse_rfc3339("9999-12-31T23:59:59-00:01"));
}

TEST_CASE("Time is written to the second and MicroTime to the microsecond") {
  CHECK(format_rfc3339(kEvening + 999999us) == "2026-11-24T20:00:00Z");
  CHECK(format_rfc3339_micro(kEvening + 42us) == "2026-11-24T20:00:00.000042Z");
  CHECK(format_rfc3339(TimePoint{} - 1us) == "1969-12-31T23:59:59Z");
  CHECK(parse_rfc3339(format_rfc3339_micro(kEvening + 42us)) == kEvening + 42us);
}
