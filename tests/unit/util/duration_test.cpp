#include "util/duration.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace std::chrono_literals;
using curfew::format_duration;
using curfew::parse_duration;

TEST_CASE("a duration is hours, minutes and seconds, in that order, from 1s to 8760h") {
  const auto [text, expected] = GENERATE(table<std::string, std::chrono::seconds>({{"1s", 1s},
                                                                                   {"90s", 90s},
                                                                                   {"30m", 30min},
                                                                                   {"1h30m", 90min},
                                                                                   {"1h1s", 3601s},
                                                                                   {"1h2m3s", 3723s},
                                                                                   {"007m", 7min},
                                                                                   {"8760h", 8760h},
                                                                                   {"8759h59m60s", 8760h}}));
  CAPTURE(text);
  CHECK(parse_duration(text) == expected);
}

TEST_CASE("anything else is not a duration") {
  const std::string text = GENERATE(values<std::string>(
      {"banana", "",         "-5m",    "+5m",     "0s",    "0h0m0s",    "1d",
       "1h30",   "30",       "h",      "1m1h",    "1h1h",  "1.5h",      "1H",
       " 1h",    "1h ",      "1h 30m", "8760h1s", "8761h", "99999999h", "99999999999999999999h",
       "1h\n",   "\xD9\xA1h"}));
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("a duration is written in its shortest form, which reads back") {
  const auto [duration, expected] = GENERATE(table<std::chrono::seconds, std::string>({{0s, "0s"},
                                                                                       {1s, "1s"},
                                                                                       {90s, "1m30s"},
                                                                                       {1h, "1h"},
                                                                                       {3601s, "1h1s"},
                                                                                       {90min, "1h30m"},
                                                                                       {8760h, "8760h"}}));
  CHECK(format_duration(duration) == expected);
  if (duration > 0s) CHECK(parse_duration(expected) == duration);
}
