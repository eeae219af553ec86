#include "kube/in_flight.hpp"

#include <catch2/catch_test_macros.hpp>
#include <future>

using namespace curfew::kube;
using namespace std::chrono_literals;

TEST_CASE("there are as many places as were asked for, and each comes free again") {
  InFlight in_flight(2);
  for (int round = 0; round < 3; ++round) {
    const auto first = in_flight.enter(10s, {});
    const auto second = in_flight.enter(10s, {});
    REQUIRE(first);
    REQUIRE(second);
    CHECK_FALSE(in_flight.enter(1ms, {}));
  }
}

TEST_CASE("a waiting call gets the place that becomes free") {
  InFlight in_flight(1);
  auto waiting = [&] {
    const auto place = in_flight.enter(10s, {});
    REQUIRE(place);
    return std::async(std::launch::async, [&] { return static_cast<bool>(in_flight.enter(10s, {})); });
  }();  // the place is released here
  CHECK(waiting.get());
  CHECK(in_flight.enter(10s, {}));
}

TEST_CASE("waiting for a place ends when it is stopped") {
  InFlight in_flight(1);
  const auto place = in_flight.enter(10s, {});
  std::stop_source source;
  auto waiting = std::async(std::launch::async,
                            [&] { return static_cast<bool>(in_flight.enter(60s, source.get_token())); });
  source.request_stop();
  CHECK_FALSE(waiting.get());
}
