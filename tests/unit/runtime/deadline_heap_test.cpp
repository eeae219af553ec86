#include "runtime/deadline_heap.hpp"

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <map>
#include <random>
#include <string>

using curfew::TimePoint;
using curfew::runtime::DeadlineHeap;
using std::chrono::microseconds;

namespace {

TimePoint at(int second) {
  return TimePoint(std::chrono::seconds(second));
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("an empty heap has no next deadline") {
  DeadlineHeap<std::string> heap;
  CHECK_FALSE(heap.next());
  CHECK(heap.pop_due(at(100)).empty());
}

TEST_CASE("keys come out when they are due, the earliest first") {
  DeadlineHeap<std::string> heap;
  heap.set("c", at(3));
  heap.set("a", at(1));
  heap.set("b", at(2));
  CHECK(heap.next() == at(1));
  CHECK(heap.pop_due(at(2)) == Keys{"a", "b"});
  CHECK(heap.next() == at(3));
  CHECK(heap.pop_due(at(3) - microseconds(1)).empty());
  CHECK(heap.pop_due(at(3)) == Keys{"c"});
  CHECK(heap.empty());
}

TEST_CASE("an updated key is not returned at its old time") {
  DeadlineHeap<std::string> heap;
  heap.set("later", at(1));
  heap.set("later", at(5));
  heap.set("earlier", at(9));
  heap.set("earlier", at(2));
  CHECK(heap.size() == 2);
  CHECK(heap.next() == at(2));
  CHECK(heap.pop_due(at(4)) == Keys{"earlier"});
  CHECK(heap.pop_due(at(5)) == Keys{"later"});
}

TEST_CASE("an erased key never comes out; erasing an unknown one is harmless") {
  DeadlineHeap<std::string> heap;
  heap.set("gone", at(1));
  heap.erase("gone");
  heap.erase("never there");
  CHECK_FALSE(heap.next());
  CHECK_FALSE(heap.deadline_of("gone"));
  CHECK(heap.pop_due(at(9)).empty());
}

TEST_CASE("after any sequence of changes the heap agrees with a plain map") {
  const unsigned seed = Catch::getSeed() + GENERATE(range(0U, 5U));
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  DeadlineHeap<int> heap;
  std::map<int, TimePoint> model;
  for (int step = 0; step < 2000; ++step) {
    const int key = pick(20);
    switch (pick(4)) {
      case 0:
      case 1: {
        const TimePoint when = at(pick(50));
        heap.set(key, when);
        model[key] = when;
        break;
      }
      case 2:
        heap.erase(key);
        model.erase(key);
        break;
      default: {
        const TimePoint now = at(pick(50));
        TimePoint previous = TimePoint::min();
        for (const int due : heap.pop_due(now)) {
          REQUIRE(model.contains(due));
          REQUIRE(model[due] <= now);
          REQUIRE(previous <= model[due]);
          previous = model[due];
          model.erase(due);
        }
        for (const auto& [left, when] : model) REQUIRE(when > now);
      }
    }
    REQUIRE(heap.size() == model.size());
  }
}
