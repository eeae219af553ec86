#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <vector>

#include "kube/clock_offset.hpp"

using namespace curfew;
using namespace curfew::kube;
using namespace std::chrono_literals;

namespace {

const TimePoint kDate = *parse_rfc3339("2026-11-24T20:00:05Z");
// In the middle of the date's second, so that an answer without a round trip finds no offset.
const TimePoint kServer = kDate + 500ms;

}  // namespace

TEST_CASE("an offset is from the middle of the date's second to the middle of the call") {
  std::vector<std::chrono::microseconds> offsets;
  ClockOffset clock([&](std::chrono::microseconds offset) { offsets.push_back(offset); });
  clock.heard(kDate, 0ns, kServer);
  clock.heard(kDate, 200ms, kServer + 100ms);
  clock.heard(kDate, 0ns, kServer + 3s);
  clock.heard(kDate, 0ns, kServer - 3s);
  CHECK(offsets == std::vector<std::chrono::microseconds>{0s, 0s, 3s, -3s});
}

TEST_CASE("clocks disagree beyond two seconds, either way, and agree again within one") {
  ClockOffset clock;
  const int sign = GENERATE(1, -1);
  CHECK_FALSE(clock.is_off());
  clock.heard(kDate, 0ns, kServer + sign * 2s);
  CHECK_FALSE(clock.is_off());
  clock.heard(kDate, 0ns, kServer + sign * 2001ms);
  CHECK(clock.is_off());
  clock.heard(kDate, 0ns, kServer + sign * 1001ms);
  CHECK(clock.is_off());
  clock.heard(kDate, 0ns, kServer + sign * 1s);
  CHECK_FALSE(clock.is_off());
}

TEST_CASE("an offset that no answer's rounding explains is news once, however it is rounded") {
  ClockOffset clock;
  clock.heard(kDate, 0ns, kServer + 2400ms);
  REQUIRE(clock.is_off());
  for (const auto rounding : {-1000ms, -500ms, 0ms, -900ms}) {
    clock.heard(kDate, 0ns, kServer + 2400ms + rounding);
    CHECK(clock.is_off());
  }
}

TEST_CASE("a slow answer says nothing about the clock") {
  int reports = 0;
  ClockOffset clock([&](std::chrono::microseconds) { ++reports; });
  clock.heard(kDate, 1001ms, kServer + 10s);
  CHECK(reports == 0);
  CHECK_FALSE(clock.is_off());
  clock.heard(kDate, 1s, kServer + 10s);
  CHECK(reports == 1);
  CHECK(clock.is_off());
}
