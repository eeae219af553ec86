#include "kube/watcher.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace curfew;
using namespace curfew::kube;
using namespace std::chrono_literals;

namespace {

Watcher watcher() {
  return Watcher({}, 1);
}

std::string page_asked(Watcher& watcher) {
  const auto step = watcher.next();
  REQUIRE(std::holds_alternative<Watcher::ListPage>(step));
  return std::get<Watcher::ListPage>(step).continue_token;
}

std::string watch_asked(Watcher& watcher) {
  const auto step = watcher.next();
  REQUIRE(std::holds_alternative<Watcher::Watch>(step));
  return std::get<Watcher::Watch>(step).resource_version;
}

std::chrono::milliseconds wait_asked(Watcher& watcher) {
  const auto step = watcher.next();
  REQUIRE(std::holds_alternative<Watcher::Wait>(step));
  return std::get<Watcher::Wait>(step).delay;
}

Watcher watching(const std::string& version) {
  Watcher result = watcher();
  REQUIRE(page_asked(result).empty());
  REQUIRE(result.page_listed("", version));
  REQUIRE(watch_asked(result) == version);
  return result;
}

}  // namespace

TEST_CASE("a watcher lists page by page and then watches from the list's version") {
  Watcher w = watcher();
  CHECK(page_asked(w).empty());
  CHECK_FALSE(w.page_listed("next", "10"));
  CHECK(page_asked(w) == "next");
  CHECK(w.page_listed("", "10"));
  CHECK(watch_asked(w) == "10");
}

TEST_CASE("a page that fails is asked for again after a wait") {
  Watcher w = watcher();
  REQUIRE_FALSE(w.page_listed("next", "10"));
  w.list_failed({.kind = ErrorKind::Unavailable});
  CHECK(wait_asked(w) > 0ms);
  CHECK(page_asked(w) == "next");
}

TEST_CASE("an expired continue token starts the list over") {
  Watcher w = watcher();
  REQUIRE_FALSE(w.page_listed("next", "10"));
  w.list_failed({.kind = ErrorKind::Gone});
  CHECK(wait_asked(w) > 0ms);
  CHECK(page_asked(w).empty());
}

TEST_CASE("a watch that ends is resumed at once from the last event or bookmark") {
  Watcher w = watching("10");
  w.event_seen("12");
  w.event_seen("15");
  w.watch_ended(1ms);
  CHECK(watch_asked(w) == "15");
}

TEST_CASE("a watch that lasted is resumed at once, even without an event") {
  Watcher w = watching("10");
  for (int i = 0; i < 10; ++i) {
    w.watch_ended(300s);
    CHECK(watch_asked(w) == "10");
  }
}

TEST_CASE("watches that end immediately again and again do not spin") {
  Watcher w = watching("10");
  w.watch_ended(1ms);
  CHECK(watch_asked(w) == "10");  // the first may be a coincidence
  std::chrono::milliseconds waited = 0ms;
  for (int i = 0; i < 10; ++i) {
    w.event_seen("10");  // a bookmark without a new version is not progress
    w.watch_ended(1ms);
    waited += wait_asked(w);
    CHECK(watch_asked(w) == "10");
  }
  CHECK(waited > 10s);
}

TEST_CASE("an expired version lists again, at once the first time") {
  Watcher w = watching("10");
  w.event_seen("11");
  w.watch_failed({.kind = ErrorKind::Gone});
  CHECK(page_asked(w).empty());
  REQUIRE(w.page_listed("", "20"));
  REQUIRE(watch_asked(w) == "20");
  w.watch_failed({.kind = ErrorKind::Gone});  // no event in between: something is wrong
  CHECK(wait_asked(w) > 0ms);
  CHECK(page_asked(w).empty());
}

TEST_CASE("a version that expired while the server was away lists again at once") {
  Watcher w = watching("10");
  for (int tries = 0; tries < 5; ++tries) {
    w.watch_failed({.kind = ErrorKind::Transport});
    wait_asked(w);
    REQUIRE(watch_asked(w) == "10");
  }
  w.watch_failed({.kind = ErrorKind::Gone});
  CHECK(page_asked(w).empty());
}

TEST_CASE("what is no event lists again after a wait") {
  const ErrorKind kind = GENERATE(ErrorKind::Decode, ErrorKind::Invalid);
  Watcher w = watching("10");
  w.watch_failed({.kind = kind});
  CHECK(wait_asked(w) > 0ms);
  CHECK(page_asked(w).empty());
}

TEST_CASE("a broken watch is resumed from its version after a wait") {
  const ErrorKind kind =
      GENERATE(ErrorKind::Transport, ErrorKind::Timeout, ErrorKind::Tls, ErrorKind::Unavailable,
               ErrorKind::TooManyRequests, ErrorKind::Forbidden, ErrorKind::Unauthorized, ErrorKind::Other);
  Watcher w = watching("10");
  w.event_seen("11");
  w.watch_failed({.kind = kind});
  CHECK(wait_asked(w) > 0ms);
  CHECK(watch_asked(w) == "11");
}

TEST_CASE("waits grow from 0.2 s to 3 s and start anew after progress") {
  Watcher w = watcher();
  const auto fail_once = [&] {
    w.list_failed({.kind = ErrorKind::Transport});
    return wait_asked(w);
  };
  const auto first = fail_once();
  CHECK(first >= 150ms);
  CHECK(first <= 250ms);
  for (int i = 0; i < 10; ++i) CHECK(fail_once() <= 3s);
  CHECK(fail_once() >= 2250ms);

  REQUIRE(w.page_listed("", "10"));
  w.watch_failed({.kind = ErrorKind::Transport});
  CHECK(wait_asked(w) >= 2250ms);  // a list alone is not progress, because the watch is what fails
  w.event_seen("11");
  w.watch_failed({.kind = ErrorKind::Transport});
  CHECK(wait_asked(w) <= 250ms);
}

TEST_CASE("Retry-After is honoured") {
  Watcher w = watcher();
  w.list_failed({.kind = ErrorKind::TooManyRequests, .message = {}, .retry_after = 7s});
  CHECK(wait_asked(w) == 7s);
  REQUIRE(w.page_listed("", "10"));
  w.watch_failed({.kind = ErrorKind::Gone, .message = {}, .retry_after = 3s});
  CHECK(wait_asked(w) == 3s);
}

TEST_CASE("watches ask for different lengths") {
  Watcher w = watching("10");
  std::chrono::seconds shortest = 1h;
  std::chrono::seconds longest = 0s;
  for (int i = 0; i < 50; ++i) {
    w.watch_ended(300s);
    const auto step = w.next();
    REQUIRE(std::holds_alternative<Watcher::Watch>(step));
    shortest = std::min(shortest, std::get<Watcher::Watch>(step).timeout);
    longest = std::max(longest, std::get<Watcher::Watch>(step).timeout);
  }
  CHECK(shortest >= 240s);
  CHECK(longest <= 360s);
  CHECK(shortest < longest);
}
