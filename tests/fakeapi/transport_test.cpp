#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <future>

#include "fakeapi/fixtures.hpp"

using namespace curfew;
using namespace curfew::fakeapi;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

TEST_CASE("an answer carries its status, body, Date and Retry-After") {
  ScriptedServer server(
      {{"GET",
        "/api?limit=1",
        {Send{response(429, "slow down", "Retry-After: 7\r\nDate: Tue, 24 Nov 2026 20:00:05 GMT\r\n")}}}});
  const auto transport = transport_to(server);
  const auto answer = transport->send(get("/api?limit=1"), kTimeout, {});
  REQUIRE(answer);
  CHECK(answer->status == 429);
  CHECK(answer->body == "slow down");
  CHECK(answer->retry_after == 7s);
  REQUIRE(answer->date);
  CHECK(format_rfc3339(*answer->date) == "2026-11-24T20:00:05Z");
  CHECK(server.trouble().empty());
}

TEST_CASE("a request is sent as it was built, with its body and content type") {
  ScriptedServer server({{"PATCH",
                          "/apis/x/namespaces/a%20b/things/n?fieldManager=curfew&q=a%3Db%21",
                          {Send{response(200, "{}")}}}});
  const auto transport = transport_to(server);
  const auto answer =
      transport->send({.method = http::Method::Patch,
                       .target = "/apis/x/namespaces/a%20b/things/n?fieldManager=curfew&q=a%3Db%21",
                       .content_type = "application/merge-patch+json",
                       .body = R"({"a":"ü"})"},
                      kTimeout, {});
  REQUIRE(answer);
  CHECK(server.trouble().empty());
  const auto request = server.seen().at(0);
  CHECK(request.target == "/apis/x/namespaces/a%20b/things/n?fieldManager=curfew&q=a%3Db%21");
  CHECK(request.body == R"({"a":"ü"})");
  CHECK(request.has_header("Content-Type: application/merge-patch+json"));
  CHECK(request.has_header("Accept: application/json"));
}

TEST_CASE("connections are kept alive and used again") {
  ScriptedServer server({{"GET", "/1", {Send{response(200, "one")}}},
                         {"GET", "/2", {Send{response(200, "two")}}},
                         {"GET", "/3", {Send{response(200, "three")}}}});
  const auto transport = transport_to(server);
  for (const char* target : {"/1", "/2", "/3"}) REQUIRE(transport->send(get(target), kTimeout, {}));
  CHECK(server.trouble().empty());
  CHECK(server.connections() <= 2);
}

TEST_CASE("a redirect is an answer and not followed") {
  ScriptedServer server({{"GET", "/here", {Send{response(302, "", "Location: /there\r\n")}}}});
  const auto transport = transport_to(server);
  const auto answer = transport->send(get("/here"), kTimeout, {});
  REQUIRE(answer);
  CHECK(answer->status == 302);
  CHECK(server.trouble(0ms).empty());
}

TEST_CASE("a refused connection is said in words, with the address") {
  std::uint16_t port = 0;
  {
    const ScriptedServer server({});
    port = server.port();
  }
  http::ClientConfig config = to_api_server();
  config.server = "http://127.0.0.1:" + std::to_string(port);
  const auto transport = http::CpprestTransport::create(config);
  REQUIRE(transport);
  const auto answer = (*transport)->send(get("/"), kTimeout, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Transport);
  CHECK(answer.error().message ==
        "the API server at 127.0.0.1:" + std::to_string(port) + " refused the connection");
}

TEST_CASE("a server that never answers ends at the deadline") {
  const ScriptedServer server({{"GET", "/", {Hang{}}}});
  const auto transport = transport_to(server);
  const Stopwatch watch;
  const auto answer = transport->send(get("/"), 200ms, {});
  CHECK(watch.elapsed() >= 200ms);
  CHECK(watch.elapsed() < 1s);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Timeout);
  CHECK_THAT(answer.error().message, EndsWith("did not answer within 200 ms"));
}

TEST_CASE("a body that drips does not outlive the deadline") {
  std::vector<Action> drip{Send{chunked_head()}};
  for (int i = 0; i < 100; ++i) {
    drip.emplace_back(Send{chunk("x")});
    drip.emplace_back(Wait{20ms});
  }
  drip.emplace_back(Send{last_chunk()});
  const ScriptedServer server({{"GET", "/", drip}});
  const auto transport = transport_to(server);
  const Stopwatch watch;
  const auto answer = transport->send(get("/"), 300ms, {});
  CHECK(watch.elapsed() < 1s);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Timeout);
}

TEST_CASE("a request that is stopped returns within half a second") {
  const ScriptedServer server({{"GET", "/", {Hang{}}}});
  const auto transport = transport_to(server);
  StopWhenAsked stop(server, 1);
  const auto answer = transport->send(get("/"), 30s, stop.token());
  CHECK(stop.since_stop() < 500ms);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Cancelled);
}

TEST_CASE("a request that is stopped before it begins is not sent") {
  ScriptedServer server({});
  const auto transport = transport_to(server);
  const std::stop_source stop;
  stop.request_stop();
  const auto answer = transport->send(get("/"), 30s, stop.get_token());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Cancelled);
  CHECK(server.trouble(0ms).empty());
}

TEST_CASE("an answer that is cut short is an error, not a short answer") {
  const std::vector<Action> cut = {Send{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"}};
  const auto [name, ending] = GENERATE(table<std::string, Action>({{"closed", Close{}}, {"reset", Reset{}}}));
  DYNAMIC_SECTION(name) {
    auto answer_script = cut;
    answer_script.push_back(ending);
    const ScriptedServer server({{"GET", "/", answer_script}});
    const auto transport = transport_to(server);
    const auto answer = transport->send(get("/"), kTimeout, {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::Transport);
    CHECK_THAT(answer.error().message, ContainsSubstring("127.0.0.1:" + std::to_string(server.port())));
    CHECK_THAT(answer.error().message, ContainsSubstring("connection"));
  }
}

TEST_CASE("what is not HTTP is an error in a sentence") {
  const std::string nonsense =
      GENERATE("garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  const ScriptedServer server({{"GET", "/", {Send{nonsense}, Close{}}}});
  const auto transport = transport_to(server);
  const auto answer = transport->send(get("/"), 2s, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Transport);
  CHECK(answer.error().message.find('\n') == std::string::npos);
}

TEST_CASE("a POST on a kept connection that the server has closed arrives all the same") {
  ScriptedServer server({{"GET", "/1", {Send{response(200, "one")}, Close{}}},
                         {"POST", "/things", {Send{response(201, "{}")}}}});
  const auto transport = transport_to(server);
  REQUIRE(transport->send(get("/1"), kTimeout, {}));
  const auto answer = transport->send(
      {.method = http::Method::Post, .target = "/things", .content_type = "application/json", .body = "{}"},
      kTimeout, {});
  INFO((answer ? std::string() : answer.error().message));
  REQUIRE(answer);
  CHECK(answer->status == 201);
  CHECK(server.trouble().empty());
}

TEST_CASE("a request whose connection breaks before an answer is tried three times and no more") {
  ScriptedServer server({{"GET", "/", {Reset{}}}, {"GET", "/", {Reset{}}}, {"GET", "/", {Reset{}}}});
  const auto transport = transport_to(server);
  const auto answer = transport->send(get("/"), kTimeout, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Transport);
  CHECK(answer.error().message ==
        "the API server at 127.0.0.1:" + std::to_string(server.port()) + " reset the connection");
  CHECK(server.trouble().empty());
}

TEST_CASE("an answer of more than 64 MiB is given up") {
  std::vector<Action> flood{Send{chunked_head()}};
  const std::string mebibyte = chunk(std::string(1 << 20, 'x'));
  for (int i = 0; i < 70; ++i) flood.emplace_back(Send{mebibyte});
  const ScriptedServer server({{"GET", "/", flood}});
  const auto transport = transport_to(server);
  const auto answer = transport->send(get("/"), 30s, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Decode);
  CHECK_THAT(answer.error().message, EndsWith("sent an answer of more than 64 MiB"));
}

TEST_CASE("an unusable server address is refused with what is expected") {
  const std::string url = GENERATE("", "127.0.0.1:6443", "ftp://127.0.0.1", "https://", "https://host:99999",
                                   "https://a b", "https://host?x=1");
  http::ClientConfig config = to_api_server();
  config.server = url;
  const auto transport = http::CpprestTransport::create(config);
  REQUIRE_FALSE(transport);
  CHECK(transport.error().kind == ErrorKind::Invalid);
  CHECK(transport.error().message ==
        "the API server's address \"" + url + "\" is not usable; expected is https://HOST[:PORT]");
}

TEST_CASE(
    "after a call without an answer the next one has a new connection, not one that was kept beside it") {
  ScriptedServer server({{"GET", "/kept", {Wait{200ms}, Send{response(200, "{}")}}},
                         {"GET", "/kept", {Wait{200ms}, Send{response(200, "{}")}}},
                         {"GET", "/unanswered", {Hang{}}},
                         {"GET", "/next", {Send{response(200, "{}")}}}});
  const auto transport = transport_to(server);
  auto other =
      std::async(std::launch::async, [&] { return transport->send(get("/kept"), kTimeout, {}).has_value(); });
  REQUIRE(transport->send(get("/kept"), kTimeout, {}));
  REQUIRE(other.get());
  REQUIRE(server.connections() == 2);
  CHECK_FALSE(transport->send(get("/unanswered"), 100ms, {}));
  CHECK(server.connections() == 2);
  CHECK(transport->send(get("/next"), kTimeout, {}));
  CHECK(server.connections() == 3);
  CHECK(server.trouble().empty());
}
