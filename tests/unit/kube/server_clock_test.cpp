#include "kube/server_clock.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <vector>

#include "unit/runtime/manual_clock.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using std::chrono::microseconds;

namespace {

// A machine and an API server whose clock is `server_ahead` of the machine's. Time passes for both; the
// machine's wall clock can be stepped alone.
struct Fixture {
  ManualClock machine;
  microseconds passed{0};
  microseconds stepped{0};
  microseconds server_ahead{0};
  std::vector<microseconds> offsets;
  kube::ServerClock clock{machine, [this](microseconds offset) { offsets.push_back(offset); },
                          [this] { return passed; }};

  explicit Fixture(microseconds ahead = 0s) : server_ahead(ahead) { settle(); }

  void pass(microseconds time) {
    machine.advance(time);
    passed += time;
  }
  void step(microseconds by) {
    machine.step_wall(by);
    stepped += by;
  }
  TimePoint server() const { return machine.now() - stepped + server_ahead; }
  void hear(std::chrono::nanoseconds round_trip = 0ns) {
    clock.observe(floor_to_second(server()), round_trip);
  }
  // Observes answers at all fractions of a second.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      pass(2050ms);
      hear();
    }
  }
  microseconds error() const { return std::chrono::abs(clock.now() - server()); }
};

}  // namespace

TEST_CASE("while the clocks agree, the machine's counts, to the microsecond") {
  Fixture f(GENERATE(as<microseconds>{}, 0s, 400ms, -400ms));
  CHECK(f.clock.now() == f.machine.now());
  CHECK_FALSE(f.clock.is_off());
}

TEST_CASE("before the first answer the machine's clock counts, and a step of it does not") {
  ManualClock machine;
  microseconds passed{0};
  const kube::ServerClock clock(machine, {}, [&] { return passed; });
  const TimePoint before = machine.now();
  CHECK(clock.now() == before);
  machine.step_wall(1h);
  CHECK(clock.now() == before);
}

TEST_CASE("a machine whose clock is wrong goes by the API server's") {
  Fixture f(GENERATE(as<microseconds>{}, 5min, -5min, 3s, -3s, 700ms, -700ms));
  CHECK(f.clock.is_off());
  CHECK(f.error() < 100ms);
  CHECK(std::chrono::abs(f.offsets.back() + f.server_ahead) < 100ms);
  f.pass(10min);
  CHECK(f.error() < 100ms);
}

TEST_CASE("one answer is enough to be within the second that a Date leaves open") {
  Fixture f;
  f.server_ahead = 5min;
  f.hear();
  CHECK(f.clock.is_off());
  CHECK(f.error() <= 500ms);
}

TEST_CASE("an API server's clock that is set back counts once no answer has had the later time for a while") {
  Fixture f;
  f.server_ahead = -5min;
  f.hear();
  CHECK(f.clock.now() == f.machine.now());
  f.pass(kube::ServerClock::kRemembered + 1s);
  f.hear();
  CHECK(f.error() <= 500ms);
}

TEST_CASE("of API servers whose clocks differ the latest counts, and the clock never jumps between them") {
  Fixture f;
  const microseconds apart = GENERATE(as<microseconds>{}, 300ms, 800ms, 1500ms, 1h);
  const auto hear_both = [&] {
    for (const microseconds ahead : {apart, microseconds(0)}) {
      f.server_ahead = ahead;
      f.pass(1030ms);
      f.hear();
    }
  };
  for (int i = 0; i < 40; ++i) hear_both();
  const auto ahead_of_machine = f.clock.now() - f.machine.now();
  CHECK(std::chrono::abs(ahead_of_machine - apart) <= 500ms);
  for (int i = 0; i < 100; ++i) {
    hear_both();
    CHECK(std::chrono::abs(f.clock.now() - f.machine.now() - ahead_of_machine) <= 50ms);
  }
}

TEST_CASE("an API server with a later clock that is gone counts for a while only") {
  Fixture f;
  f.server_ahead = 1500ms;
  f.settle();
  CHECK(f.clock.is_off());
  f.server_ahead = 0s;
  f.settle();
  CHECK_FALSE(f.clock.is_off());
  CHECK(f.clock.now() == f.machine.now());
}

TEST_CASE("a step of the machine's clock changes nothing, before and after the next answer") {
  Fixture f;
  const TimePoint before = f.clock.now();
  f.step(GENERATE(as<microseconds>{}, 1h, -1h, 2s, -2s));
  CHECK(f.clock.now() == before);
  f.pass(30s);
  CHECK(f.clock.now() == before + 30s);
  f.hear();
  CHECK(f.clock.is_off());
  CHECK(f.error() < 100ms);
  SECTION("and one that sets it right counts again") {
    f.step(-f.stepped);
    f.settle();
    CHECK_FALSE(f.clock.is_off());
    CHECK(f.clock.now() == f.machine.now());
  }
}

TEST_CASE("the API server's clock may be set, too") {
  Fixture f;
  f.server_ahead = GENERATE(as<microseconds>{}, 1h, -1h);
  f.settle();
  CHECK(f.error() < 100ms);
  f.server_ahead = 0s;
  f.settle();
  CHECK(f.clock.now() == f.machine.now());
}

TEST_CASE("a clock that NTP slews is followed") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) {
    f.pass(2s);
    f.step(1ms);  // 500 ppm
    f.hear();
    CHECK(f.error() <= 2s);
  }
}

TEST_CASE("time goes on while the machine sleeps, whatever its steady clock does") {
  Fixture f;
  f.machine.step_wall(8h);
  f.passed += 8h;
  CHECK(f.clock.now() == f.machine.now());
}

TEST_CASE("a slow answer says nothing about the clock") {
  Fixture f;
  const auto reports = f.offsets.size();
  f.server_ahead = 1h;
  f.hear(1001ms);
  CHECK(f.offsets.size() == reports);
  CHECK_FALSE(f.clock.is_off());
}
