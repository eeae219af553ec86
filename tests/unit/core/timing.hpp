#pragma once

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "world.hpp"

// Worlds with schedules and start times.
namespace curfew::core::test {

inline api::Schedule office_hours(bool ends_with_window = false) {
  return {.time_zone = "Europe/Berlin",
          .windows = {{{"Mon", "Tue", "Wed", "Thu", "Fri"}, "08:00", "18:00"}},
          .end_at_window_close = ends_with_window};
}

constexpr TimePoint kOpening =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 25) + 7h;  // Wednesday 08:00 in Berlin
constexpr TimePoint kClosing = kOpening + 10h;

inline World world_with(const api::Schedule& schedule, int required = 1) {
  World w;
  w.s.policy = a_policy(required);
  w.s.policy->spec.schedule = schedule;
  return w;
}

inline World world_from(const std::string& start, int required = 1) {
  World w;
  w.s.policy = a_policy(required);
  w.s.request.spec.start_time = start;
  return w;
}

inline TimePoint wake_of(const World& w) {
  const Decision decision = decide(w.s.input());
  REQUIRE(decision.actions.empty());
  REQUIRE(decision.next.time());
  return *decision.next.time();
}

}  // namespace curfew::core::test
