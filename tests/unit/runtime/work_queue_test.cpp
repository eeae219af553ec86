#include "runtime/work_queue.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>
#include <vector>

#include "unit/runtime/manual_clock.hpp"

using curfew::runtime::WorkQueue;
using curfew::testing::ManualClock;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  ManualClock clock;
  WorkQueue<std::string> queue{clock, {.first = 5ms, .longest = 60s}};

  std::vector<std::string> take_all() {
    std::vector<std::string> taken;
    while (const auto key = queue.try_get()) taken.push_back(*key);
    return taken;
  }
};

using Keys = std::vector<std::string>;

// The real clock, which counts how often it is read.
class ListeningClock final : public curfew::Clock {
 public:
  curfew::TimePoint now() const override { return real_.now(); }
  std::chrono::steady_clock::time_point steady() const override {
    ++asked_;
    asked_.notify_all();
    return real_.steady();
  }
  int times_asked() const { return asked_; }
  void wait_until_asked(int times) const {
    for (int now = asked_; now < times; now = asked_) asked_.wait(now);
  }

 private:
  curfew::SystemClock real_;
  mutable std::atomic<int> asked_ = 0;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a key added twice comes once, in the order of the first time") {
  queue.add("a");
  queue.add("b");
  queue.add("a");
  CHECK(queue.size() == 2);
  CHECK(take_all() == Keys{"a", "b"});
  CHECK(queue.size() == 0);
}

TEST_CASE_METHOD(Fixture, "a key added while it is being processed comes again after done, and only once") {
  queue.add("a");
  REQUIRE(queue.try_get() == "a");
  queue.add("a");
  queue.add("a");
  CHECK_FALSE(queue.try_get());
  queue.done("a");
  CHECK(queue.try_get() == "a");
  queue.done("a");
  CHECK_FALSE(queue.try_get());
}

TEST_CASE_METHOD(Fixture, "a delayed key comes at its time and not before") {
  queue.add_after("a", 10s);
  clock.advance(10s - 1us);
  CHECK_FALSE(queue.try_get());
  clock.advance(1us);
  CHECK(queue.try_get() == "a");
}

TEST_CASE_METHOD(Fixture, "a delay that is zero or negative is none") {
  queue.add_after("now", 0s);
  queue.add_after("past", -5s);
  CHECK(take_all() == Keys{"now", "past"});
}

TEST_CASE_METHOD(Fixture, "a delay beyond all time is waited for without overflow") {
  queue.add_after("a", std::chrono::steady_clock::duration::max());
  clock.advance(24h * 365);
  CHECK_FALSE(queue.try_get());
}

TEST_CASE_METHOD(Fixture, "of two wake-ups the earlier one wins, whichever was set first") {
  queue.add_after("shortened", 10s);
  queue.add_after("shortened", 2s);
  queue.add_after("not lengthened", 3s);
  queue.add_after("not lengthened", 30s);
  clock.advance(2s);
  CHECK(take_all() == Keys{"shortened"});
  clock.advance(1s);
  CHECK(take_all() == Keys{"not lengthened"});
  queue.done("shortened");
  queue.done("not lengthened");
  clock.advance(60s);
  CHECK(take_all().empty());
}

TEST_CASE_METHOD(Fixture, "a recheck comes at its time, whatever wake-ups come before and after it") {
  queue.add_after("a", 3s);
  queue.recheck_after("a", 6s);
  queue.add_after("a", 60s);  // dropped: the reconcile at three seconds schedules its own
  queue.add_after("a", 1s);
  clock.advance(1s);
  CHECK(take_all() == Keys{"a"});
  queue.done("a");
  queue.add_after("a", 60s);
  clock.advance(5s - 1us);
  CHECK(take_all().empty());
  clock.advance(1us);
  CHECK(take_all() == Keys{"a"});
  queue.done("a");
  clock.advance(55s);
  CHECK(take_all() == Keys{"a"});
}

TEST_CASE_METHOD(Fixture, "of two rechecks the later one counts") {
  queue.recheck_after("a", 6s);
  clock.advance(4s);
  queue.recheck_after("a", 6s);
  clock.advance(6s - 1us);
  CHECK(take_all().empty());
  clock.advance(1us);
  CHECK(take_all() == Keys{"a"});
}

TEST_CASE_METHOD(Fixture, "a wake-up and a recheck that are due together are one") {
  queue.add_after("a", 5s);
  queue.recheck_after("a", 5s);
  clock.advance(5s);
  CHECK(take_all() == Keys{"a"});
  queue.done("a");
  CHECK(take_all().empty());
}

TEST_CASE_METHOD(Fixture, "adding a key does not cancel its wake-up") {
  queue.add_after("a", 5s);
  queue.add("a");
  REQUIRE(queue.try_get() == "a");
  queue.done("a");
  clock.advance(5s);
  CHECK(queue.try_get() == "a");
}

TEST_CASE_METHOD(Fixture, "a wake-up of a key that is being processed waits for done") {
  queue.add("a");
  REQUIRE(queue.try_get() == "a");
  queue.add_after("a", 1s);
  clock.advance(1s);
  CHECK_FALSE(queue.try_get());
  queue.done("a");
  CHECK(queue.try_get() == "a");
}

TEST_CASE_METHOD(Fixture, "rate-limited delays double, with jitter, up to the cap, for each key alone") {
  std::chrono::milliseconds expected = 5ms;
  for (int failure = 0; failure < 20; ++failure) {
    queue.add_rate_limited("bad");
    clock.advance(expected * 3 / 4 - 1ms);
    REQUIRE_FALSE(queue.try_get());
    clock.advance(expected / 2 + 2ms);
    REQUIRE(queue.try_get() == "bad");
    queue.done("bad");
    expected = std::min<std::chrono::milliseconds>(expected * 2, 60s);
  }
  queue.add_rate_limited("good");
  clock.advance(7ms);
  CHECK(queue.try_get() == "good");
}

TEST_CASE_METHOD(Fixture, "a forgotten key starts from the shortest delay again") {
  for (int failure = 0; failure < 10; ++failure) {
    queue.add_rate_limited("a");
    clock.advance(60s);
    REQUIRE(queue.try_get() == "a");
    queue.done("a");
  }
  queue.forget("a");
  queue.add_rate_limited("a");
  clock.advance(7ms);
  CHECK(queue.try_get() == "a");
}

TEST_CASE_METHOD(Fixture, "a waiting worker is woken by a key, and by its stop token") {
  Keys taken;
  std::atomic<bool> has_first = false;
  std::jthread worker([&](const std::stop_token& stop) {
    while (const auto key = queue.get(stop)) {
      taken.push_back(*key);
      queue.done(*key);
      has_first = true;
      has_first.notify_all();
    }
  });
  queue.add("a");
  has_first.wait(false);
  worker.request_stop();
  worker.join();
  CHECK(taken == Keys{"a"});
}

TEST_CASE_METHOD(Fixture, "a stopped worker gets no key even if there is one") {
  queue.add("a");
  const std::stop_source source;
  source.request_stop();
  CHECK_FALSE(queue.get(source.get_token()));
  CHECK(queue.size() == 1);
}

TEST_CASE("a worker that waits for a far deadline is woken for a nearer one that is set meanwhile") {
  const ListeningClock clock;
  WorkQueue<std::string> queue(clock);
  const std::stop_source source;
  queue.add_after("far", 1h);
  const int before = clock.times_asked();
  std::optional<std::string> first;
  std::jthread worker([&] { first = queue.get(source.get_token()); });
  // The second read computes the wait while the lock is held, so add_after can run only once the worker
  // waits.
  clock.wait_until_asked(before + 2);
  queue.add_after("near", 5ms);
  worker.join();
  CHECK(first == "near");
}

TEST_CASE("many producers and workers lose no key and never share one") {
  constexpr int kKeys = 50;
  constexpr int kAddsEach = 500;
  const curfew::SystemClock clock;
  WorkQueue<int> queue(clock);
  std::vector<std::atomic<int>> asked(kKeys);
  std::vector<std::atomic<int>> answered(kKeys);
  std::vector<std::atomic<bool>> is_held(kKeys);
  std::atomic<bool> was_shared = false;
  std::atomic<int> settled = 0;

  std::vector<std::jthread> workers;
  workers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&](const std::stop_token& stop) {
      while (const auto key = queue.get(stop)) {
        const auto index = static_cast<std::size_t>(*key);
        if (is_held[index].exchange(true)) was_shared = true;
        const int seen = asked[index].load();
        if (answered[index].exchange(seen) != kAddsEach && seen == kAddsEach) {
          ++settled;
          settled.notify_all();
        }
        is_held[index] = false;
        queue.done(*key);
      }
    });
  }
  {
    std::vector<std::jthread> producers;
    producers.reserve(2);
    for (int i = 0; i < 2; ++i) {
      producers.emplace_back([&, i] {
        for (int round = 0; round < kAddsEach; ++round) {
          for (int key = i; key < kKeys; key += 2) {
            ++asked[static_cast<std::size_t>(key)];
            if (round % 3 == 0) {
              queue.add_after(key, 100us);
            } else {
              queue.add(key);
            }
            if (round + 1 == kAddsEach) queue.add(key);
          }
        }
      });
    }
  }
  for (int now = settled; now < kKeys; now = settled)
    settled.wait(now);  // a lost key hangs here until the test times out
  for (std::jthread& worker : workers) worker.request_stop();
  workers.clear();
  CHECK_FALSE(was_shared);
}
