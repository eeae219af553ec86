#include "util/backoff.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace std::chrono_literals;
using curfew::Backoff;

TEST_CASE("delays double with a jitter of a quarter, and stop growing at the longest") {
  Backoff backoff(100ms, 1000ms, 7);
  std::chrono::milliseconds nominal = 100ms;
  for (int i = 0; i < 100; ++i) {
    const auto delay = backoff.next();
    CHECK(delay >= std::min(nominal, 1000ms) * 3 / 4);
    CHECK(delay <= std::min(nominal * 5 / 4, 1000ms));
    nominal = std::min(nominal * 2, 1000ms);
  }
  CHECK(backoff.failures() == 100);
}

TEST_CASE("success starts the delays anew") {
  Backoff backoff(100ms, 60s, 7);
  for (int i = 0; i < 8; ++i) backoff.next();
  backoff.reset();
  CHECK(backoff.failures() == 0);
  CHECK(backoff.next() <= 125ms);
}

TEST_CASE("two replicas do not retry in step") {
  Backoff one(1000ms, 60s, 1);
  Backoff other(1000ms, 60s, 2);
  CHECK(one.next() != other.next());
}
