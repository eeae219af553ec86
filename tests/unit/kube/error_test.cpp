#include "kube/error.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

using namespace curfew;
using namespace curfew::kube;
using namespace std::chrono_literals;

namespace {

http::Response answer(int status, const std::string& reason) {
  http::Response response;
  response.status = status;
  response.body = nlohmann::json{
      {"kind", "Status"},
      {"reason", reason},
      {"message", "the server's words"},
      {"code",
       status}}.dump();
  return response;
}

}  // namespace

TEST_CASE("a status and its reason become a kind of error") {
  struct Case {
    int status;
    std::string reason;
    ErrorKind kind;
  };
  const auto [status, reason, kind] = GENERATE(values<Case>({
      {400, "BadRequest", ErrorKind::Invalid},
      {401, "Unauthorized", ErrorKind::Unauthorized},
      {403, "Forbidden", ErrorKind::Forbidden},
      {404, "NotFound", ErrorKind::NotFound},
      {405, "MethodNotAllowed", ErrorKind::Other},
      {409, "AlreadyExists", ErrorKind::AlreadyExists},
      {409, "Conflict", ErrorKind::Conflict},
      {409, "", ErrorKind::Conflict},
      {410, "Expired", ErrorKind::Gone},
      {410, "Gone", ErrorKind::Gone},
      {413, "RequestEntityTooLarge", ErrorKind::Invalid},
      {422, "Invalid", ErrorKind::Invalid},
      {429, "TooManyRequests", ErrorKind::TooManyRequests},
      {500, "InternalError", ErrorKind::InternalError},
      {502, "", ErrorKind::Unavailable},
      {503, "ServiceUnavailable", ErrorKind::Unavailable},
      {504, "Timeout", ErrorKind::Unavailable},
      {500, "Expired", ErrorKind::Gone},
  }));
  const Error error = error_from_response(answer(status, reason));
  CHECK(error.kind == kind);
  CHECK(error.message == "the server's words");
}

TEST_CASE("what is refused because its namespace is being deleted is known by its cause") {
  http::Response response = answer(403, "Forbidden");
  CHECK_FALSE(error_from_response(response).namespace_is_going);
  for (
      const char* details :
      {R"({"causes": [{"reason": "Other"}, {"reason": "NamespaceTerminating", "field": "metadata.namespace"}]})",
       R"({"causes": [1]})", R"({"causes": "x"})", R"({})", R"(1)"}) {
    auto body = nlohmann::json::parse(response.body);
    body["details"] = nlohmann::json::parse(details);
    http::Response detailed = response;
    detailed.body = body.dump();
    INFO(details);
    const Error error = error_from_response(detailed);
    CHECK(error.namespace_is_going ==
          (std::string(details).find("NamespaceTerminating") != std::string::npos));
    CHECK(error.kind == ErrorKind::Forbidden);
  }
}

TEST_CASE("the header's Retry-After wins over the body's") {
  http::Response response;
  response.status = 429;
  response.body = R"({"kind":"Status","details":{"retryAfterSeconds":5}})";
  CHECK(error_from_response(response).retry_after == 5s);
  response.retry_after = 2s;
  CHECK(error_from_response(response).retry_after == 2s);
}

TEST_CASE("an answer that is no Status is quoted in one line") {
  http::Response response;
  response.status = 502;
  response.body = "<html>\r\nBad gateway\x1b[31m\n</html>\n";
  CHECK(error_from_response(response).message ==
        "the API server answered 502: <html>  Bad gateway [31m </html>");
  response.body = "";
  CHECK(error_from_response(response).message == "the API server answered 502");
  response.status = 302;
  CHECK(error_from_response(response).message ==
        "the API server answered 302, a redirect, which is not followed");
}

TEST_CASE("a very long message is cut between characters") {
  http::Response response;
  response.status = 422;
  std::string message = "x";
  for (int i = 0; i < 5000; ++i) message += "ü";
  response.body = nlohmann::json{{"kind", "Status"}, {"message", message}}.dump();
  const std::string cut = error_from_response(response).message;
  CHECK(cut.size() == 2047);
  CHECK(message.starts_with(cut));
}

TEST_CASE("a Status inside a watch counts by its code") {
  CHECK(error_from_status({{"code", 410}, {"reason", "Expired"}, {"message", "too old"}}).kind ==
        ErrorKind::Gone);
  CHECK(error_from_status({{"code", 410}, {"message", "too old"}}).message == "too old");
  CHECK(error_from_status({{"code", 500}}).kind == ErrorKind::InternalError);
  CHECK(error_from_status(nlohmann::json::object()).kind == ErrorKind::Other);
  CHECK(error_from_status({{"code", "x"}, {"message", 1}}).message ==
        "the API server ended the watch with code 0");
}
