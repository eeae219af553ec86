#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/server.hpp"
#include "unit/runtime/server_fixture.hpp"

using namespace curfew::testing;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using curfew::http::Page;
using curfew::http::Server;
using namespace std::chrono_literals;

namespace {

// Of this process.
long resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  throw std::runtime_error("/proc/self/status has no VmRSS");
}

}  // namespace

TEST_CASE_METHOD(ServedPages, "a header of 15 KB is accepted, one of a megabyte is not read to its end") {
  const std::string start = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Filler: ";
  CHECK_THAT(ask(start + std::string(std::size_t{15} * 1024, 'x') + "\r\n\r\n"),
             StartsWith("HTTP/1.1 200 OK\r\n"));

  // The answer may be lost, because the unread rest of the request causes a reset.
  const std::string answer = ask(start + std::string(std::size_t{1024} * 1024, 'x'));
  CHECK((answer.empty() || answer.starts_with("HTTP/1.1 431 ")));
  CHECK_THAT(ask(start + std::string(std::size_t{17} * 1024, 'x')),
             StartsWith("HTTP/1.1 431 ") || Catch::Matchers::Equals(""));
}

TEST_CASE_METHOD(
    ServedPages,
    "a header that comes a byte at a time is cut off when the time for the whole request is up") {
  Connection connection = connect();
  const auto began = std::chrono::steady_clock::now();
  std::string answer;
  for (int i = 0; i < 100 && !connection.was_closed(); ++i) {
    connection.send(i == 0 ? "GET /healthz HTTP/1.1\r\nX: " : "x");
    answer += connection.read_all(50ms);  // waits at most 50 ms between bytes
  }
  CHECK(connection.was_closed());
  CHECK(answer.empty());
  CHECK(std::chrono::steady_clock::now() - began < 2s);
}

TEST_CASE_METHOD(ServedPages,
                 "an idle connection is closed when its time is up, kept alive or not yet used") {
  Connection unused = connect();
  Connection kept = connect();
  kept.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(kept.read_all(), EndsWith("healthz check passed\n"));
  CHECK(kept.was_closed());
  CHECK(unused.read_all().empty());
  CHECK(unused.was_closed());
}

TEST_CASE("a reader that does not read is cut off") {
  std::map<std::string, Server::Route> routes = {
      {"/big", [] { return Page{.body = std::string(64UL << 20U, 'x')}; }},
      {"/small", [] { return Page{.body = "ok\n"}; }}};
  const Server server("127.0.0.1:0", std::move(routes), {.read = 300ms, .write = 300ms, .connections = 1});
  const Connection lazy(server.port());
  lazy.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  // Its place becomes free when it is cut off; until then, other connections are closed unanswered.
  std::string answer;
  for (int i = 0; i < 50 && answer.empty(); ++i) {
    Connection next(server.port());
    next.send("GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    answer = next.read_all(100ms);
    const pollfd nothing{.fd = -1, .events = 0, .revents = 0};
    pollfd pause = nothing;
    ::poll(&pause, 1, 50);
  }
  CHECK_THAT(answer, EndsWith("ok\n"));
}

TEST_CASE("while 500 idle connections come, a hundred are held and a request is answered at once") {
  const Server server("127.0.0.1:0", pages());
  std::vector<Connection> idle;
  idle.reserve(500);
  for (int i = 0; i < 500; ++i) {
    idle.emplace_back(server.port());
    if (i % 50 != 49) continue;
    Connection probe(server.port());
    probe.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    REQUIRE_THAT(probe.read_all(), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  int held = 0;
  for (Connection& connection : idle) {
    connection.read_all(1ms);
    held += connection.was_closed() ? 0 : 1;
  }
  CHECK(held <= 100);
  CHECK(held >= 80);  // the probes took places as well
}

TEST_CASE("hundreds of headers that never end keep nobody from being answered, nor grow in memory") {
  const Server server("127.0.0.1:0", pages());
  const std::string header = "GET /healthz HTTP/1.1\r\nX: " + std::string(std::size_t{15} * 1024, 'x');
  const long before = resident_kilobytes();
  std::vector<Connection> slow;
  slow.reserve(500);
  for (int i = 0; i < 500; ++i) {
    slow.emplace_back(server.port());
    slow.back().send(header);
  }
  for (int i = 0; i < 5; ++i) {
    for (const Connection& connection : slow) connection.send("x");  // some were closed to make room
    Connection probe(server.port());
    probe.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    REQUIRE_THAT(probe.read_all(), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  // A hundred headers of 16 KB, with room to spare for a sanitizer's own memory.
  CHECK(resident_kilobytes() - before < 64 * 1024);
}

TEST_CASE("a hundred headers of ten megabytes are refused without being kept") {
  const Server server("127.0.0.1:0", pages());
  const std::string header = "GET /healthz HTTP/1.1\r\nX: " + std::string(std::size_t{10} << 20U, 'x');
  const long before = resident_kilobytes();
  for (int i = 0; i < 100; ++i) {
    const Connection connection(server.port());
    CHECK_FALSE(connection.send(header));
  }
  CHECK(resident_kilobytes() - before < 64 * 1024);
  Connection next(server.port());
  next.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(next.read_all(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE(
    "of 200 idle connections the latest 100 are held and the others closed, and all is well when their time is up") {
  const Server server("127.0.0.1:0", pages(), {.read = 2s});
  std::vector<Connection> connections;
  connections.reserve(200);
  for (int i = 0; i < 200; ++i) connections.emplace_back(server.port());
  int held = 0;
  for (std::size_t i = 0; i < connections.size(); ++i) {
    connections[i].read_all(i < 100 ? 500ms : 1ms);
    held += connections[i].was_closed() ? 0 : 1;
  }
  CHECK(held == 100);
  CHECK(connections.front().was_closed());
  for (Connection& connection : connections) {
    connection.read_all();
    REQUIRE(connection.was_closed());
  }
  Connection next(server.port());
  next.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(next.read_all(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("stopping is prompt whatever is connected, and closes it") {
  auto server = std::make_unique<Server>("127.0.0.1:0", pages());
  Connection idle(server->port());
  Connection half(server->port());
  half.send("GET /heal");
  Connection kept(server->port());
  kept.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  kept.read_until("healthz check passed\n");
  const auto began = std::chrono::steady_clock::now();
  server.reset();
  CHECK(std::chrono::steady_clock::now() - began < 1s);
  for (Connection* connection : {&idle, &half, &kept}) {
    connection->read_all();
    CHECK(connection->was_closed());
  }
}
