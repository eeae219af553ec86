#include "core/decide/retention.hpp"

#include <catch2/catch_test_macros.hpp>

#include "world.hpp"

using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;
using namespace std::chrono_literals;

TEST_CASE("a completed request is kept from its end on, one that nobody ended from its creation on") {
  World w;
  w.s.request.status.ended_at = kNow + 5min;
  CHECK(retain_until(w.s.request, 168h) == kNow + 5min + 168h);
  w.s.request.status.ended_at.reset();
  CHECK(retain_until(w.s.request, 168h) == w.s.request.metadata.creation_timestamp + 168h);
}

TEST_CASE("a request of a flood is kept for a minute, or shorter where all are") {
  World w;
  w.s.flood = Flood{.message = "too many", .summary = {.record_name = "flood", .message = "too many"}};
  w.settle();
  REQUIRE(w.phase() == api::Phase::Rejected);
  const TimePoint ended_at = w.status().ended_at.value();
  CHECK(retain_until(w.s.request, 168h) == ended_at + 60s);
  CHECK(retain_until(w.s.request, 10s) == ended_at + 10s);
}
