#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/server.hpp"
#include "unit/runtime/server_fixture.hpp"

// Responses that come piece by piece.
using namespace curfew::testing;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using curfew::http::Page;
using curfew::http::Server;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kGet = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";

// Answers with these pieces; an empty one is "none yet".
Page pieces(std::vector<std::string> all) {
  return {.content_type = "text/event-stream",
          .stream = [all = std::move(all), at = std::size_t{0}]() mutable -> std::optional<std::string> {
            return at < all.size() ? std::optional(all[at++]) : std::nullopt;
          }};
}

Server serve(Server::Route route, int streams = 50) {
  return Server("127.0.0.1:0",
                {{"/stream", std::move(route)}, {"/page", [] { return Page{.body = "ok\n"}; }}},
                {.read = 300ms, .write = 300ms, .streams = streams, .stream_poll = 10ms});
}

std::string ask(const Server& server, std::string_view request) {
  Connection connection(server.port());
  connection.send(request);
  return connection.read_all();
}

// Whether it becomes true within two seconds.
template <class Condition>
bool becomes_true(const Condition& condition) {
  for (int i = 0; i < 200 && !condition(); ++i) ::poll(nullptr, 0, 10);
  return condition();
}

// How often a source was asked, and whether it still exists.
struct Watched {
  std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);

  Page page(const std::string& piece) const {
    return {.stream = [asked = asked, piece]() -> std::optional<std::string> {
      ++*asked;
      return piece;
    }};
  }
  bool is_alone() const { return asked.use_count() == 1; }
};

}  // namespace

TEST_CASE("a stream comes in chunks, and its end is marked") {
  const Server server = serve([] { return pieces({"a", "", "bcd", "", ""}); });
  const std::string answer = ask(server, kGet);
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n") &&
                         ContainsSubstring("Content-Type: text/event-stream\r\n") &&
                         ContainsSubstring("Transfer-Encoding: chunked\r\n") &&
                         ContainsSubstring("Connection: close\r\n") && !ContainsSubstring("Content-Length"));
  CHECK_THAT(answer, EndsWith("\r\n\r\n1\r\na\r\n3\r\nbcd\r\n0\r\n\r\n"));
}

TEST_CASE("for HTTP/1.0 the end of the connection is the end of a stream") {
  const Server server = serve([] { return pieces({"a", "bcd"}); });
  const std::string answer = ask(server, "GET /stream HTTP/1.0\r\n\r\n");
  CHECK_THAT(answer,
             StartsWith("HTTP/1.0 200 OK\r\n") && !ContainsSubstring("chunked") && EndsWith("\r\n\r\nabcd"));
}

TEST_CASE("a stream may be silent for longer than a request or a response may take") {
  std::vector<std::string> silence(80);  // of 10 ms each
  silence.emplace_back("late");
  const Server server = serve([&] { return pieces(silence); });
  CHECK_THAT(ask(server, kGet), EndsWith("4\r\nlate\r\n0\r\n\r\n"));
}

TEST_CASE("HEAD of a stream is answered without asking for a piece") {
  const Watched watched;
  const Server server = serve([&] { return watched.page("x"); });
  const std::string answer = ask(server, "HEAD /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n") && EndsWith("\r\n\r\n") &&
                         !ContainsSubstring("Content-Length"));
  CHECK(*watched.asked == 0);
}

TEST_CASE("a stream that fails has no end, so that the client can tell") {
  const Server server = serve([] {
    return Page{.stream = [first = true]() mutable -> std::optional<std::string> {
      if (!std::exchange(first, false)) throw std::runtime_error("a bug");
      return "a";
    }};
  });
  Connection connection(server.port());
  connection.send(kGet);
  CHECK_THAT(connection.read_all(), EndsWith("\r\n\r\n1\r\na\r\n"));
  CHECK(connection.was_closed());
  CHECK_THAT(ask(server, "GET /page HTTP/1.0\r\n\r\n"), EndsWith("ok\n"));
}

TEST_CASE("a stream ends when its client goes, although it has nothing to say") {
  const Watched watched;
  const Server server = serve([&] { return watched.page(""); });
  {
    Connection connection(server.port());
    connection.send(kGet);
    connection.read_until("\r\n\r\n");
    CHECK(becomes_true([&] { return *watched.asked > 2; }));
    CHECK_FALSE(watched.is_alone());
    connection.send(kGet);  // what a client sends meanwhile changes nothing
    const int before = *watched.asked;
    CHECK(becomes_true([&] { return *watched.asked > before + 2; }));
  }
  CHECK(becomes_true([&] { return watched.is_alone(); }));
}

TEST_CASE("a client that does not read is not written for, and cut off when its time is up") {
  const Watched watched;
  const Server server = serve([&] { return watched.page(std::string(64 * 1024, 'x')); });
  const Connection lazy(server.port());
  lazy.send(kGet);
  CHECK(becomes_true([&] { return *watched.asked > 0; }));
  CHECK_THAT(ask(server, "GET /page HTTP/1.0\r\n\r\n"), EndsWith("ok\n"));
  CHECK(becomes_true([&] { return watched.is_alone(); }));
  CHECK(*watched.asked < 256);  // 16 MB, more than the sockets' buffers
}

TEST_CASE("a stream too many is refused, and pages are still served") {
  const Watched watched;
  const Server server = serve([&] { return watched.page(""); }, 1);
  {
    Connection first(server.port());
    first.send(kGet);
    first.read_until("\r\n\r\n");
    CHECK_THAT(ask(server, kGet), StartsWith("HTTP/1.1 503 ") && ContainsSubstring("Retry-After: 5\r\n") &&
                                      EndsWith("too many streams are open; try again later\n"));
    CHECK_THAT(ask(server, "GET /page HTTP/1.0\r\n\r\n"), EndsWith("ok\n"));
  }
  CHECK(becomes_true([&] { return watched.is_alone(); }));
  Connection next(server.port());
  next.send(kGet);
  CHECK_THAT(next.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a server that stops ends its streams") {
  const Watched watched;
  std::optional<Server> server;
  server.emplace("127.0.0.1:0",
                 std::map<std::string, Server::Route>{{"/stream", [&] { return watched.page(""); }}});
  Connection connection(server->port());
  connection.send(kGet);
  connection.read_until("\r\n\r\n");
  server.reset();
  connection.read_all();
  CHECK(connection.was_closed());
  CHECK(watched.is_alone());
}
