#include "http/server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <stdexcept>
#include <string>

#include "unit/runtime/server_fixture.hpp"

using namespace curfew::testing;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using curfew::http::parse_host_port;
using curfew::http::Server;

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

TEST_CASE_METHOD(ServedPages, "a page is served with its status, type and length") {
  const std::string metrics = get("/metrics");
  CHECK_THAT(metrics, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(metrics, ContainsSubstring("Content-Type: text/plain; version=0.0.4\r\n"));
  CHECK_THAT(metrics, ContainsSubstring("Content-Length: 16\r\n"));
  CHECK_THAT(metrics, EndsWith("\r\n\r\ncurfew_leader 1\n"));
  CHECK_THAT(get("/readyz"), StartsWith("HTTP/1.1 503 ") && EndsWith("[-]guard failed: it is missing\n"));
}

TEST_CASE_METHOD(ServedPages, "a query is ignored") {
  CHECK_THAT(get("/healthz?verbose=1"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE_METHOD(ServedPages, "HEAD is answered like GET, without the body") {
  const std::string answer = ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(answer, ContainsSubstring("Content-Length: 16\r\n"));
  CHECK_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_CASE_METHOD(ServedPages,
                 "an unknown page is answered with the list of those there are, and not with its own name") {
  const std::string answer = get("/<script>");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  CHECK_THAT(answer, EndsWith("no such page; there are:\n/broken\n/healthz\n/metrics\n/readyz\n"));
}

TEST_CASE_METHOD(ServedPages, "other methods are refused, and say which are accepted") {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"}) {
    const std::string answer =
        ask(std::string(method) + " /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
    CHECK_THAT(answer, ContainsSubstring("Allow: GET, HEAD\r\n"));
  }
}

TEST_CASE_METHOD(ServedPages, "a body is refused, announced or chunked, before it is read") {
  CHECK_THAT(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 314572800\r\n\r\n"),
             StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"),
             StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(
      ask("GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST_CASE_METHOD(ServedPages, "what is not HTTP is refused") {
  for (const char* nonsense :
       {"banana\r\n\r\n", "GET /metrics\r\n\r\n", "GET /metrics HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}) {
    CAPTURE(nonsense);
    CHECK_THAT(ask(nonsense), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  }
  CHECK_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE_METHOD(ServedPages, "a page that throws is answered 500, and the server lives on") {
  const std::string answer = get("/broken");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 500 "));
  CHECK_THAT(answer, !ContainsSubstring("a bug"));
  CHECK_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE_METHOD(ServedPages, "a connection is kept alive, and pipelined requests are answered in order") {
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

TEST_CASE_METHOD(ServedPages, "HTTP/1.0 is answered and the connection closed") {
  CHECK_THAT(ask("GET /healthz HTTP/1.0\r\n\r\n"),
             StartsWith("HTTP/1.0 200 OK\r\n") && EndsWith("healthz check passed\n"));
}
