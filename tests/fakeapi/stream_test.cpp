#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "fakeapi/fixtures.hpp"

using namespace curfew;
using namespace curfew::fakeapi;
using namespace std::chrono_literals;
using Catch::Matchers::EndsWith;

namespace {

struct Lines {
  std::vector<std::string> all;
  http::LineSink sink() {
    return [this](std::string_view line) {
      all.emplace_back(line);
      return true;
    };
  }
};

}  // namespace

TEST_CASE("a stream's lines are whole wherever the chunks were cut") {
  const std::string text = "{\"name\":\"größe\"}\n{\"second\":\"日本\"}\n\n{\"third\":1}\n";
  const std::size_t size = GENERATE(1U, 2U, 3U, 7U, 1000U);
  std::vector<Action> answer{Send{chunked_head()}};
  for (std::size_t at = 0; at < text.size(); at += size)
    answer.emplace_back(Send{chunk(text.substr(at, size))});
  answer.emplace_back(Send{last_chunk()});
  const ScriptedServer server({{"GET", "/watch", answer}});
  const auto transport = transport_to(server);
  Lines lines;
  const auto end = transport->stream(get("/watch"), lines.sink(), kTimeout, {});
  REQUIRE(end);
  CHECK(end->status == 200);
  CHECK(end->body.empty());
  CHECK(lines.all ==
        std::vector<std::string>{"{\"name\":\"größe\"}", "{\"second\":\"日本\"}", "", "{\"third\":1}"});
}

TEST_CASE("what follows a stream's last newline is no line") {
  const ScriptedServer server(
      {{"GET", "/watch", {Send{chunked_head() + chunk("whole\nhal") + last_chunk()}}}});
  const auto transport = transport_to(server);
  Lines lines;
  REQUIRE(transport->stream(get("/watch"), lines.sink(), kTimeout, {}));
  CHECK(lines.all == std::vector<std::string>{"whole"});
}

TEST_CASE("a stream's answer outside 2xx is returned whole and never fed to the sink") {
  const ScriptedServer server({{"GET", "/watch", {Send{response(410, "{\n\"code\":410\n}\n")}}}});
  const auto transport = transport_to(server);
  Lines lines;
  const auto answer = transport->stream(get("/watch"), lines.sink(), kTimeout, {});
  REQUIRE(answer);
  CHECK(answer->status == 410);
  CHECK(answer->body == "{\n\"code\":410\n}\n");
  CHECK(lines.all.empty());
}

TEST_CASE("a stream that says nothing ends after its idle time, and not before") {
  const ScriptedServer server(
      {{"GET",
        "/watch",
        {Send{chunked_head()}, Wait{200ms}, Send{chunk("a\n")}, Wait{200ms}, Send{chunk("b\n")}, Hang{}}}});
  const auto transport = transport_to(server);
  Lines lines;
  const Stopwatch watch;
  const auto end = transport->stream(get("/watch"), lines.sink(), 300ms, {});
  CHECK(watch.elapsed() >= 700ms);
  CHECK(watch.elapsed() < 2s);
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Timeout);
  CHECK_THAT(end.error().message, EndsWith("said nothing for 300 ms"));
  CHECK(lines.all.size() == 2);
}

TEST_CASE(
    "a stream that does not begin is given up long before its idle time, and the next one has a new connection") {
  ScriptedServer server({{"GET", "/begins", {Send{chunked_head() + chunk("first\n") + last_chunk()}}},
                         {"GET", "/hangs", {Hang{}}},
                         {"GET", "/again", {Send{chunked_head() + last_chunk()}}}});
  const auto transport = transport_to(server, {.head_timeout = 300ms});
  Lines lines;
  REQUIRE(transport->stream(get("/begins"), lines.sink(), 60s, {}));
  const Stopwatch watch;
  const auto end = transport->stream(get("/hangs"), lines.sink(), 60s, {});
  CHECK(watch.elapsed() >= 300ms);
  CHECK(watch.elapsed() < 10s);
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Timeout);
  CHECK_THAT(end.error().message, EndsWith("did not begin to answer within 300 ms"));
  const auto before = server.connections();  // one or two: the first may still have been in use
  CHECK(transport->stream(get("/again"), lines.sink(), 60s, {}));
  CHECK(server.connections() == before + 1);
  CHECK(server.trouble().empty());
}

TEST_CASE("a stream that has begun may be silent for longer than it may take to begin") {
  const ScriptedServer server(
      {{"GET", "/watch", {Send{chunked_head()}, Wait{400ms}, Send{chunk("late\n") + last_chunk()}}}});
  const auto transport = transport_to(server, {.head_timeout = 200ms});
  Lines lines;
  CHECK(transport->stream(get("/watch"), lines.sink(), 60s, {}));
  CHECK(lines.all == std::vector<std::string>{"late"});
}

TEST_CASE("a stream that is stopped returns within half a second") {
  const ScriptedServer server({{"GET", "/watch", {Send{chunked_head()}, Hang{}}}});
  const auto transport = transport_to(server);
  StopWhenAsked stop(server, 1);
  const auto end = transport->stream(get("/watch"), [](std::string_view) { return true; }, 90s, stop.token());
  CHECK(stop.since_stop() < 500ms);
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Cancelled);
}

TEST_CASE("a sink that has enough ends the stream") {
  const ScriptedServer server({{"GET", "/watch", {Send{chunked_head() + chunk("a\nb\nc\n")}, Hang{}}}});
  const auto transport = transport_to(server);
  int lines = 0;
  const auto end =
      transport->stream(get("/watch"), [&](std::string_view) { return ++lines < 2; }, kTimeout, {});
  REQUIRE(end);
  CHECK(lines == 2);
}

TEST_CASE("a sink that throws ends the stream and the exception reaches the caller") {
  const ScriptedServer server({{"GET", "/watch", {Send{chunked_head() + chunk("a\n")}, Hang{}}},
                               {"GET", "/after", {Send{response(200, "")}}}});
  const auto transport = transport_to(server);
  CHECK_THROWS_AS(
      transport->stream(get("/watch"), [](std::string_view) -> bool { throw std::logic_error("a bug"); },
                        kTimeout, {}),
      std::logic_error);
  CHECK(transport->send(get("/after"), kTimeout, {}));
}

TEST_CASE("a stream that is reset, or closed within a chunk, is an error") {
  const Action ending = GENERATE(Action{Reset{}}, Action{Close{}});
  const ScriptedServer server(
      {{"GET", "/watch", {Send{chunked_head() + chunk("a\n")}, Wait{50ms}, Send{"40\r\n{\"cut"}, ending}}});
  const auto transport = transport_to(server);
  Lines lines;
  const auto end = transport->stream(get("/watch"), lines.sink(), kTimeout, {});
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Transport);
  CHECK(lines.all == std::vector<std::string>{"a"});
}

TEST_CASE("a line of more than 16 MiB is given up") {
  std::vector<Action> flood{Send{chunked_head()}};
  for (int i = 0; i < 20; ++i) flood.emplace_back(Send{chunk(std::string(1 << 20, 'x'))});
  const ScriptedServer server({{"GET", "/watch", flood}});
  const auto transport = transport_to(server);
  const auto end = transport->stream(get("/watch"), [](std::string_view) { return true; }, kTimeout, {});
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Decode);
  CHECK_THAT(end.error().message, EndsWith("sent a line of more than 16 MiB"));
}

TEST_CASE("a slow sink slows the server down instead of filling memory") {
  constexpr int kMebibytes = 64;
  std::string mebibyte;
  while (mebibyte.size() < (1U << 20U)) mebibyte += std::string(1023, 'x') + "\n";
  std::vector<Action> flood{Send{chunked_head()}};
  for (int i = 0; i < kMebibytes; ++i) flood.emplace_back(Send{chunk(mebibyte)});
  flood.emplace_back(Send{last_chunk()});
  const ScriptedServer server({{"GET", "/flood", flood}, {"GET", "/more", {Send{response(200, "")}}}});
  const auto transport = transport_to(server);
  std::atomic<bool> release = false;
  std::atomic<std::size_t> lines = 0;
  std::jthread reader([&] {
    const auto end = transport->stream(get("/flood"),
                                       [&](std::string_view) {
                                         ++lines;
                                         release.wait(false);
                                         return true;
                                       },
                                       30s, {});
    CHECK(end);
  });
  // While its sink blocks, the stream must not delay other calls, and the server must not be able to send
  // everything.
  while (lines == 0) std::this_thread::yield();
  CHECK(transport->send(get("/more"), kTimeout, {}));
  CHECK(lines == 1);
  release = true;
  release.notify_all();
  reader.join();
  CHECK(lines == std::size_t{kMebibytes} * 1024);
}

TEST_CASE("a stream that was silent while a call had no answer ends as soon as another has one") {
  ScriptedServer server({{"GET", "/watch", {Send{chunked_head() + chunk("first\n")}, Hang{}}},
                         {"GET", "/unanswered", {Hang{}}},
                         {"GET", "/answered", {Send{response(200, "{}")}}}});
  const auto transport = transport_to(server);
  Lines lines;
  auto watch =
      std::async(std::launch::async, [&] { return transport->stream(get("/watch"), lines.sink(), 60s, {}); });
  while (server.seen().empty()) std::this_thread::yield();
  const auto unanswered = transport->send(get("/unanswered"), 2s, {});
  REQUIRE_FALSE(unanswered);
  CHECK(unanswered.error().kind == ErrorKind::Timeout);
  CHECK(watch.wait_for(0s) == std::future_status::timeout);  // no call has been answered since
  REQUIRE(transport->send(get("/answered"), kTimeout, {}));
  REQUIRE(watch.wait_for(1s) == std::future_status::ready);
  const auto end = watch.get();
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Timeout);
  CHECK_THAT(end.error().message, EndsWith("said nothing while calls had no answer"));
  CHECK(lines.all == std::vector<std::string>{"first"});
}

TEST_CASE(
    "a call that was under way before a stream began, and then has no answer, says nothing of that stream") {
  ScriptedServer server({{"GET", "/unanswered", {Hang{}}},
                         {"GET", "/watch", {Send{chunked_head() + chunk("first\n")}, Hang{}}},
                         {"GET", "/answered", {Send{response(200, "{}")}}}});
  const auto transport = transport_to(server);
  auto unanswered =
      std::async(std::launch::async, [&] { return transport->send(get("/unanswered"), 2s, {}); });
  while (server.seen().empty()) std::this_thread::yield();
  std::stop_source stop;
  Lines lines;
  auto watch = std::async(std::launch::async, [&] {
    return transport->stream(get("/watch"), lines.sink(), 60s, stop.get_token());
  });
  REQUIRE_FALSE(unanswered.get());
  REQUIRE(transport->send(get("/answered"), kTimeout, {}));
  CHECK(watch.wait_for(200ms) == std::future_status::timeout);
  stop.request_stop();
  const auto end = watch.get();
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Cancelled);
}
