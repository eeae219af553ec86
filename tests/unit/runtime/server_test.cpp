#include "http/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using curfew::http::Page;
using curfew::http::parse_host_port;
using curfew::http::Server;
using curfew::http::ServerLimits;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

// A plain socket, because the tests send what a client library never would.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how the socket API is
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~Connection() {
    if (socket_ >= 0) ::close(socket_);
  }
  Connection(Connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection& operator=(Connection&&) = delete;

  // False if the other end refuses.
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads until the other end closes or nothing arrives for `patience`.
  std::string read_all(milliseconds patience = 5s) {
    std::string text;
    while (read_some(text, patience)) {
    }
    return text;
  }

  // Reads until `end` has arrived `times` times.
  std::string read_until(std::string_view end, int times = 1) {
    std::string text;
    std::size_t from = 0;
    while (true) {
      const std::size_t found = text.find(end, from);
      if (found != std::string::npos) {
        from = found + end.size();
        if (--times == 0) return text;
      } else if (!read_some(text, 5s)) {
        return text;
      }
    }
  }

  bool was_closed() const { return closed_; }

 private:
  bool read_some(std::string& text, milliseconds patience) {
    pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) return false;
    char buffer[4096];
    const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    closed_ = got <= 0;
    return got > 0;
  }

  int socket_;
  bool closed_ = false;
};

std::map<std::string, Server::Route> pages() {
  return {{"/metrics",
           [] { return Page{.content_type = "text/plain; version=0.0.4", .body = "curfew_leader 1\n"}; }},
          {"/healthz", [] { return Page{.body = "healthz check passed\n"}; }},
          {"/readyz", [] { return Page{.status = 503, .body = "[-]guard failed: it is missing\n"}; }},
          {"/broken", []() -> Page { throw std::runtime_error("a bug"); }}};
}

// Of this process.
long resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  throw std::runtime_error("/proc/self/status has no VmRSS");
}

struct Fixture {
  Server server{"127.0.0.1:0", pages(), ServerLimits{.read = 300ms, .write = 300ms}};

  Connection connect() const { return Connection(server.port()); }
  std::string ask(std::string_view request) const {
    Connection connection = connect();
    connection.send(request);
    return connection.read_all();
  }
  std::string get(const std::string& target) const {
    return ask("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
};

}  // namespace

TEST_CASE("an address is HOST:PORT") {
  CHECK(parse_host_port("127.0.0.1:8080").host == "127.0.0.1");
  CHECK(parse_host_port("127.0.0.1:8080").port == 8080);
  CHECK(parse_host_port("0.0.0.0:0").port == 0);
  CHECK(parse_host_port("[::1]:65535").host == "::1");
  CHECK(parse_host_port("localhost:1").host == "127.0.0.1");
}

TEST_CASE("a bad address is refused in one sentence that names it and says what is accepted") {
  const std::string address =
      GENERATE(std::string(""), "127.0.0.1", ":8080", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
               "127.0.0.1:80x", "127.0.0.1: 80", "banana:80", "::1:80", "[127.0.0.1]:80", "[::1:80", "[]:80",
               "256.0.0.1:80", "http://127.0.0.1:80");
  CAPTURE(address);
  CHECK_THROWS_AS(parse_host_port(address), std::invalid_argument);
  try {
    const Server accepted(address, {});
    FAIL("it was accepted");
  } catch (const std::invalid_argument& e) {
    CHECK_THAT(e.what(), StartsWith("\"" + address + "\" is not an address to listen on: ") &&
                             ContainsSubstring("accepted is HOST:PORT"));
  }
}

TEST_CASE("an address that is in use is an error that names it") {
  const Server first("127.0.0.1:0", pages());
  try {
    const Server second(first.address(), pages());
    FAIL("both listen");
  } catch (const std::runtime_error& e) {
    CHECK(e.what() == "cannot listen on " + first.address() + ": Address already in use");
  }
}

TEST_CASE("the address tells the port that was chosen") {
  const Server v4("127.0.0.1:0", pages());
  CHECK(v4.port() != 0);
  CHECK(v4.address() == "127.0.0.1:" + std::to_string(v4.port()));
}

TEST_CASE("an IPv6 address is written in brackets") {
  const Server v6("[::1]:0", pages());
  CHECK(v6.address() == "[::1]:" + std::to_string(v6.port()));
}

TEST_CASE_METHOD(Fixture, "a page is served with its status, type and length") {
  const std::string metrics = get("/metrics");
  CHECK_THAT(metrics, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(metrics, ContainsSubstring("Content-Type: text/plain; version=0.0.4\r\n"));
  CHECK_THAT(metrics, ContainsSubstring("Content-Length: 16\r\n"));
  CHECK_THAT(metrics, EndsWith("\r\n\r\ncurfew_leader 1\n"));
  CHECK_THAT(get("/readyz"), StartsWith("HTTP/1.1 503 ") && EndsWith("[-]guard failed: it is missing\n"));
}

TEST_CASE_METHOD(Fixture, "a query is ignored") {
  CHECK_THAT(get("/healthz?verbose=1"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE_METHOD(Fixture, "HEAD is answered like GET, without the body") {
  const std::string answer = ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(answer, ContainsSubstring("Content-Length: 16\r\n"));
  CHECK_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_CASE_METHOD(Fixture,
                 "an unknown page is answered with the list of those there are, and not with its own name") {
  const std::string answer = get("/<script>");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  CHECK_THAT(answer, EndsWith("no such page; there are:\n/broken\n/healthz\n/metrics\n/readyz\n"));
}

TEST_CASE_METHOD(Fixture, "other methods are refused, and say which are accepted") {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"}) {
    const std::string answer =
        ask(std::string(method) + " /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
    CHECK_THAT(answer, ContainsSubstring("Allow: GET, HEAD\r\n"));
  }
}

TEST_CASE_METHOD(Fixture, "a body is refused, announced or chunked, before it is read") {
  CHECK_THAT(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 314572800\r\n\r\n"),
             StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"),
             StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(
      ask("GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST_CASE_METHOD(Fixture, "what is not HTTP is refused") {
  for (const char* nonsense :
       {"banana\r\n\r\n", "GET /metrics\r\n\r\n", "GET /metrics HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}) {
    CAPTURE(nonsense);
    CHECK_THAT(ask(nonsense), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  }
  CHECK_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE_METHOD(Fixture, "a header of 15 KB is accepted, one of a megabyte is not read to its end") {
  const std::string start = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Filler: ";
  CHECK_THAT(ask(start + std::string(std::size_t{15} * 1024, 'x') + "\r\n\r\n"),
             StartsWith("HTTP/1.1 200 OK\r\n"));

  // The answer may be lost, because the unread rest of the request causes a reset.
  const std::string answer = ask(start + std::string(std::size_t{1024} * 1024, 'x'));
  CHECK((answer.empty() || answer.starts_with("HTTP/1.1 431 ")));
  CHECK_THAT(ask(start + std::string(std::size_t{17} * 1024, 'x')),
             StartsWith("HTTP/1.1 431 ") || Catch::Matchers::Equals(""));
}

TEST_CASE_METHOD(Fixture, "a page that throws is answered 500, and the server lives on") {
  const std::string answer = get("/broken");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 500 "));
  CHECK_THAT(answer, !ContainsSubstring("a bug"));
  CHECK_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE_METHOD(Fixture, "a connection is kept alive, and pipelined requests are answered in order") {
  Connection connection = connect();
  connection.send(
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answers = connection.read_until("curfew_leader 1\n");
  const std::size_t health = answers.find("healthz check passed");
  CHECK(health != std::string::npos);
  CHECK(answers.find("Content-Length: 16") > health);
  connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(connection.read_all(), EndsWith("healthz check passed\n"));
  CHECK(connection.was_closed());
}

TEST_CASE_METHOD(Fixture, "HTTP/1.0 is answered and the connection closed") {
  CHECK_THAT(ask("GET /healthz HTTP/1.0\r\n\r\n"),
             StartsWith("HTTP/1.0 200 OK\r\n") && EndsWith("healthz check passed\n"));
}

TEST_CASE_METHOD(
    Fixture, "a header that comes a byte at a time is cut off when the time for the whole request is up") {
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

TEST_CASE_METHOD(Fixture, "an idle connection is closed when its time is up, kept alive or not yet used") {
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

TEST_CASE("while 500 idle connections come, a hundred are held and whoever asks is answered at once") {
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
