#include "runtime/watchdog.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/runtime/manual_clock.hpp"

using namespace std::chrono_literals;
using curfew::runtime::Watchdog;

namespace {

struct WatchdogFixture {
  curfew::testing::ManualClock clock;
  Watchdog watchdog{clock, 2min};
};

}  // namespace

TEST_CASE_METHOD(WatchdogFixture,
                 "work that takes longer than the limit is stuck, and healthy again once done") {
  {
    const auto task = watchdog.begin("a worker");
    clock.advance(2min);
    CHECK_FALSE(watchdog.stuck());
    clock.advance(1s);
    CHECK(watchdog.stuck() == "a worker has not come round for 121 s");
  }
  CHECK_FALSE(watchdog.stuck());
}

TEST_CASE_METHOD(WatchdogFixture, "the work that began first is named, whatever has begun and ended since") {
  const auto first = watchdog.begin("first");
  clock.advance(1min);
  for (int i = 0; i < 3; ++i) const auto done = watchdog.begin("done");
  const auto second = watchdog.begin("second");
  clock.advance(90s);
  CHECK(watchdog.stuck() == "first has not come round for 150 s");
}

TEST_CASE_METHOD(WatchdogFixture, "a loop that beats is healthy, one that stops beating is stuck") {
  for (int i = 0; i < 10; ++i) {
    watchdog.beat("the revoker");
    clock.advance(1min);
    CHECK_FALSE(watchdog.stuck());
  }
  clock.advance(61s);
  CHECK(watchdog.stuck() == "the revoker has not come round for 121 s");
  watchdog.beat("the revoker");
  CHECK_FALSE(watchdog.stuck());
}

TEST_CASE_METHOD(WatchdogFixture,
                 "threads that wait for work, for however long, are healthy, and so is a set wall clock") {
  {
    const auto task = watchdog.begin("anything");
  }
  clock.advance(24h);
  CHECK_FALSE(watchdog.stuck());
  const auto task = watchdog.begin("anything");
  clock.step_wall(1h);
  CHECK_FALSE(watchdog.stuck());
}
