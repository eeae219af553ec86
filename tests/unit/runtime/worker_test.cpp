#include "runtime/worker.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <latch>
#include <semaphore>
#include <stdexcept>
#include <string>

#include "unit/runtime/manual_clock.hpp"

using curfew::runtime::Outcome;
using curfew::runtime::WorkerHooks;
using curfew::runtime::Workers;
using curfew::runtime::WorkQueue;
using curfew::testing::ManualClock;
using namespace std::chrono_literals;

namespace {

using Kind = Outcome::Kind;

constexpr std::chrono::milliseconds kNever = std::chrono::milliseconds::max();

// Runs one key through a worker until the handler has returned `outcome` once, then stops the worker. The
// queue then shows what happened to the key.
struct WorkerFixture {
  ManualClock clock;
  WorkQueue<std::string> queue{clock, {.first = 5ms, .longest = 60s}};
  std::atomic<int> errors = 0;
  std::atomic<int> panics = 0;

  void run_once(const std::function<Outcome()>& handler) {
    std::latch handled(1);
    Workers<std::string> workers(
        queue,
        [&](const std::string&, const std::stop_token&) {
          handled.count_down();
          return handler();
        },
        1, WorkerHooks{.on_error = [this] { ++errors; }, .on_panic = [this] { ++panics; }});
    queue.add("key");
    handled.wait();
    workers.stop();
  }

  // The time until the key is queued again; kNever if not within an hour.
  std::chrono::milliseconds comes_again_after() {
    for (std::chrono::milliseconds waited = 0ms; waited < 1h; waited += 1ms, clock.advance(1ms)) {
      if (queue.try_get()) {
        queue.done("key");
        return waited;
      }
    }
    return kNever;
  }
};

}  // namespace

TEST_CASE_METHOD(WorkerFixture, "a key that is done does not come again") {
  run_once([] { return Outcome{}; });
  CHECK(comes_again_after() == kNever);
  CHECK(errors == 0);
}

TEST_CASE_METHOD(WorkerFixture, "a key that is done with a wake-up comes again then") {
  run_once([] { return Outcome{.kind = Kind::Done, .after = 30s}; });
  CHECK(comes_again_after() == 30s);
  CHECK(errors == 0);
}

TEST_CASE_METHOD(WorkerFixture, "a key to retry later comes again after just that time") {
  run_once([] { return Outcome{.kind = Kind::RetryAfter, .after = 7s}; });
  CHECK(comes_again_after() == 7s);
  CHECK(errors == 1);
}

TEST_CASE_METHOD(WorkerFixture, "rate-limited retries grow, and done resets them") {
  std::chrono::milliseconds last = 0ms;
  for (int failure = 0; failure < 8; ++failure) {
    run_once([] { return Outcome{.kind = Kind::RetryRateLimited}; });
    const auto waited = comes_again_after();
    REQUIRE(waited != kNever);
    CHECK(waited > last);
    last = waited;
  }
  CHECK(errors == 8);
  run_once([] { return Outcome{}; });
  run_once([] { return Outcome{.kind = Kind::RetryRateLimited}; });
  CHECK(comes_again_after() <= 7ms);
}

TEST_CASE_METHOD(WorkerFixture, "a conflict is retried after a short pause and is not counted as a failure") {
  for (int conflict = 0; conflict < 10; ++conflict) {
    run_once([] { return Outcome{.kind = Kind::RetryNow}; });
    CHECK(comes_again_after() == Workers<std::string>::kConflictPause);
  }
  CHECK(errors == 0);
  run_once([] { return Outcome{.kind = Kind::RetryRateLimited}; });
  CHECK(comes_again_after() <= 7ms);
}

TEST_CASE_METHOD(WorkerFixture, "a handler that throws is counted and its key retried, whatever it throws") {
  run_once([]() -> Outcome { throw std::logic_error("a bug"); });
  CHECK(panics == 1);
  CHECK(comes_again_after() <= 7ms);
  run_once([]() -> Outcome { throw 42; });
  CHECK(panics == 2);
  CHECK(comes_again_after() <= 13ms);
}

TEST_CASE_METHOD(WorkerFixture, "a worker survives a handler that throws") {
  std::counting_semaphore<> second_handled(0);
  const Workers<std::string> workers(
      queue,
      [&](const std::string& key, const std::stop_token&) -> Outcome {
        if (key == "bad") throw std::runtime_error("a bug");
        second_handled.release();
        return {};
      },
      1);
  queue.add("bad");
  queue.add("good");
  second_handled.acquire();
  SUCCEED("the good key was handled");
}

TEST_CASE_METHOD(WorkerFixture, "stopping reaches a handler that is waiting") {
  std::latch started(1);
  bool was_told = false;
  {
    const Workers<std::string> workers(
        queue,
        [&](const std::string&, const std::stop_token& stop) -> Outcome {
          started.count_down();
          std::binary_semaphore told(0);
          const std::stop_callback tell(stop, [&] { told.release(); });
          told.acquire();
          was_told = true;
          return {};
        },
        2);
    queue.add("key");
    started.wait();
  }
  CHECK(was_told);
}
