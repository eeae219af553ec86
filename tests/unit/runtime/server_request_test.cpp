#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

#include "http/server.hpp"
#include "unit/runtime/server_fixture.hpp"

// What a route is handed, and what is refused before it.
using namespace curfew::testing;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using curfew::http::Method;
using curfew::http::Page;
using curfew::http::Server;
using namespace std::chrono_literals;

namespace {

// The request as the route sees it: "POST /echo a=1 b= header: x-kind=2 body: text".
Page echo(const Server::Request& request) {
  std::string text = std::string(to_string(request.method)) + " " + request.path;
  for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
  if (const auto kind = request.headers.find("x-kind"); kind != request.headers.end())
    text += " header: " + kind->second;
  if (!request.body.empty()) text += " body: " + request.body;
  return {.body = text};
}

Page header_of_query(const Server::Request& request) {
  return {.status = 201, .body = "ok\n", .headers = {{"X-Name", request.parameter("name").value_or("none")}}};
}

struct Routes {
  Server server{"127.0.0.1:0",
                {{"/echo", {echo, {.methods = {Method::Get, Method::Post, Method::Delete}, .max_body = 10}}},
                 {"/put", {echo, {.methods = {Method::Put}, .max_body = 1 << 20}}},
                 {"/a b", echo},
                 {"/header", header_of_query},
                 {"/status", [] { return Page{.status = 42}; }},
                 {"/framing", [] { return Page{.body = "x", .headers = {{"content-length", "5"}}}; }},
                 {"/type", [] { return Page{.content_type = "text/plain\r\nX: y"}; }}},
                {.read = 300ms, .write = 300ms}};

  std::string ask(std::string_view request) const {
    Connection connection(server.port());
    connection.send(request);
    return connection.read_all();
  }
  std::string get(const std::string& target) const {
    return ask("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  std::string post(const std::string& fields, const std::string& body) const {
    return ask("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n" + body);
  }
};

}  // namespace

TEST_CASE_METHOD(Routes, "a route is handed path and query decoded") {
  CHECK_THAT(get("/echo?b=&a=1%202+3&c"), EndsWith("\r\n\r\nGET /echo a=1 2 3 b= c="));
  CHECK_THAT(get("/ec%68o?%61=%C3%A9&&a=2"), EndsWith("\r\n\r\nGET /echo a=\u00e9 a=2"));
  CHECK_THAT(get("/a%20b"), EndsWith("\r\n\r\nGET /a b"));
  CHECK_THAT(get("/a+b"), StartsWith("HTTP/1.1 404 "));  // in a path it is no space
  CHECK_THAT(get("/header?name=x&name=y"),
             StartsWith("HTTP/1.1 201 Created\r\n") && ContainsSubstring("X-Name: x\r\n"));
}

TEST_CASE_METHOD(Routes, "a route is handed the headers by their names in lower case") {
  CHECK_THAT(ask("GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-KIND: 2\r\n\r\n"),
             EndsWith("GET /echo header: 2"));
}

TEST_CASE_METHOD(Routes, "a body comes with its length or in chunks, on a connection that is kept") {
  Connection connection(server.port());
  connection.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  CHECK_THAT(connection.read_until("hello"), EndsWith("POST /echo body: hello"));
  connection.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-Kind: 7\r\n\r\n");
  // A trailer is no header.
  CHECK_THAT(connection.read_until("hello"), EndsWith("POST /echo body: hello"));
  connection.send("DELETE /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(connection.read_all(), EndsWith("DELETE /echo"));
}

TEST_CASE_METHOD(Routes, "a body of the most that is accepted is accepted, and one more byte is not") {
  CHECK_THAT(post("Content-Length: 10\r\n", "0123456789"), EndsWith("body: 0123456789"));
  CHECK_THAT(
      post("Content-Length: 11\r\n", ""),
      StartsWith("HTTP/1.1 413 ") && EndsWith("the body is too large: at most 10 bytes are accepted\n"));
  CHECK_THAT(
      post("Transfer-Encoding: chunked\r\n", "6\r\n012345\r\n6\r\n"),
      StartsWith("HTTP/1.1 413 ") && EndsWith("the body is too large: at most 10 bytes are accepted\n"));
  CHECK_THAT(post("Content-Length: 18446744073709551615\r\n", ""), StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(ask("GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"),
             StartsWith("HTTP/1.1 413 ") && EndsWith("no body is accepted\n"));
}

TEST_CASE_METHOD(Routes, "who asks first whether a body is welcome is told, and then answered") {
  Connection connection(server.port());
  connection.send(
      "PUT /put HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(connection.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  connection.send("hello");
  CHECK_THAT(connection.read_all(), StartsWith("HTTP/1.1 200 OK\r\n") && EndsWith("PUT /put body: hello"));
  CHECK_THAT(ask("PUT /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
             StartsWith("HTTP/1.1 413 "));
}

TEST_CASE_METHOD(Routes, "a method that a route does not declare is refused, with those that it does") {
  CHECK_THAT(ask("PUT /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
             StartsWith("HTTP/1.1 405 ") && ContainsSubstring("Allow: GET, HEAD, POST, DELETE\r\n") &&
                 EndsWith("only GET, HEAD, POST and DELETE are accepted\n"));
  CHECK_THAT(get("/put"), StartsWith("HTTP/1.1 405 ") && ContainsSubstring("Allow: PUT\r\n") &&
                              EndsWith("only PUT is accepted\n"));
  CHECK_THAT(ask("HEAD /put HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_CASE_METHOD(Routes, "a request whose end two servers could see in different places is refused") {
  const std::string fields = GENERATE(
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5, 5\r\n", "Content-Length: 5,\r\n",
      "Content-Length: +5\r\n", "Content-Length: 0x5\r\n", "Content-Length: 5 5\r\n", "Content-Length:\r\n",
      "Content-Length : 5\r\n", " Content-Length: 5\r\n", "Content-Length: 18446744073709551616\r\n",
      "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: chunked, chunked\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: \x0b"
      "chunked\r\n",
      "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "X: y\nContent-Length: 5\r\n",
      "X: y\rContent-Length: 5\r\n");
  CAPTURE(fields);
  const std::string answer = post(fields, "0\r\n\r\nGET /echo?smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n") && !ContainsSubstring("smuggled"));
}

TEST_CASE_METHOD(Routes, "chunks are refused that are not chunks, and those of HTTP/1.0") {
  for (const char* body : {"-1\r\n", "x\r\n", "2\r\nabc\r\n0\r\n\r\n", "fffffffffffffffff\r\n"}) {
    CAPTURE(body);
    CHECK_THAT(post("Transfer-Encoding: chunked\r\n", body), StartsWith("HTTP/1.1 400 "));
  }
  // A line feed alone ends no line: the rest of the line does not come in time.
  CHECK(post("Transfer-Encoding: chunked\r\n", "2\nab\n0\n\n").empty());
  CHECK_THAT(ask("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
             StartsWith("HTTP/1.1 400 "));
}

TEST_CASE_METHOD(Routes, "the header of a chunk cannot grow without end") {
  Connection connection(server.port());
  connection.send("PUT /put HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;x=");
  bool is_open = true;
  for (int i = 0; i < 64 && is_open; ++i) is_open = connection.send(std::string(1024, 'x'));
  CHECK_THAT(connection.read_all(), StartsWith("HTTP/1.1 400 ") || Catch::Matchers::Equals(""));
  CHECK(connection.was_closed());
}

TEST_CASE_METHOD(Routes, "a target is refused whose encoded characters change its meaning") {
  const std::string target = GENERATE("/echo%00", "/echo?a=%00", "/%2Fecho", "/a%2fb", "/echo%0d%0aX:y",
                                      "/echo%7f", "/echo%", "/echo%4", "/echo%4g", "/echo%+1", "/echo?a=%",
                                      "/echo?%zz=1", "/%ff", "/%c0%af", "/echo?a=%ff");
  CAPTURE(target);
  CHECK_THAT(get(target), StartsWith("HTTP/1.1 400 Bad Request\r\n") &&
                              ContainsSubstring("the path or the query is wrongly encoded"));
}

TEST_CASE_METHOD(Routes, "dots in a path are names like any other") {
  CHECK_THAT(get("/x/../echo"), StartsWith("HTTP/1.1 404 "));
  CHECK_THAT(get("/%2e%2e/echo"), StartsWith("HTTP/1.1 404 "));
  CHECK_THAT(get("//echo"), StartsWith("HTTP/1.1 404 "));
}

TEST_CASE_METHOD(Routes, "a target that is too long is refused as such") {
  CHECK_THAT(get("/echo?a=" + std::string(8 * 1024 - 8, 'x')), StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(get("/echo?a=" + std::string(8 * 1024 - 7, 'x')),
             StartsWith("HTTP/1.1 414 ") && EndsWith("at most 8192 bytes are accepted\n"));
}

TEST_CASE_METHOD(Routes, "what a client sends cannot become a header of the response") {
  const std::string answer = get("/header?name=x%0d%0aSet-Cookie:%20a=b");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 500 ") && !ContainsSubstring("Set-Cookie"));
  CHECK_THAT(get("/header?name=x%0ay"), StartsWith("HTTP/1.1 500 "));
  CHECK_THAT(get("/header?name=%C3%A9"), StartsWith("HTTP/1.1 201 "));
}

TEST_CASE_METHOD(Routes, "a response that HTTP cannot carry is a failure of its route") {
  for (const char* path : {"/status", "/framing", "/type"}) {
    CAPTURE(path);
    CHECK_THAT(get(path),
               StartsWith("HTTP/1.1 500 ") && EndsWith("this route failed; the log has the reason\n"));
  }
}
