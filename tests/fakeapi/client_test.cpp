#include "kube/client.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "api/codec.hpp"
#include "fakeapi/fixtures.hpp"

using namespace curfew;
using namespace curfew::fakeapi;
using namespace std::chrono_literals;

namespace {

const std::string kTarget = "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings";
const api::ObjectKey kKey{"payments", "b"};

std::string status_json(int code, const std::string& reason, const std::string& message) {
  return nlohmann::json{
      {"kind", "Status"}, {"status", "Failure"}, {"code", code}, {"reason", reason}, {"message", message}}
      .dump();
}

std::string binding_json(const std::string& name, const std::string& extra = "") {
  return R"({"kind":"RoleBinding","metadata":{"name":")" + name +
         R"(","namespace":"payments","uid":"u","resourceVersion":"7")" + extra +
         R"(},"roleRef":{"kind":"ClusterRole","name":"view"}})";
}

}  // namespace

TEST_CASE("typed calls build their requests and decode their answers") {
  ScriptedServer server(
      {{"GET", kTarget + "/b", {Send{response(200, binding_json("b"))}}},
       {"POST", kTarget + "?fieldManager=curfew", {Send{response(201, binding_json("b"))}}},
       {"PATCH", kTarget + "/b?fieldManager=curfew", {Send{response(200, binding_json("b"))}}},
       {"PATCH", kTarget + "/b/status?fieldManager=curfew", {Send{response(200, binding_json("b"))}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  const auto got = client.get<api::RoleBinding>(kKey, {});
  REQUIRE(got);
  CHECK(got->role_ref.name == "view");
  CHECK(got->metadata.resource_version == "7");
  CHECK(client.create(*got, {}));
  CHECK(client.merge_patch<api::RoleBinding>(kKey, {{"metadata", {{"labels", {{"a", "b"}}}}}}, {}));
  CHECK(client.patch_status<api::RoleBinding>(kKey, {{"status", nlohmann::json::object()}}, {}));
  CHECK(server.trouble().empty());
  CHECK(server.seen().at(2).has_header("Content-Type: application/merge-patch+json"));
}

TEST_CASE("statuses become kinds of errors with the server's own words") {
  struct Case {
    int code;
    std::string reason;
    std::string headers;
    ErrorKind kind;
    std::optional<std::chrono::seconds> retry_after;
  };
  const auto [code, reason, headers, kind, retry_after] = GENERATE(values<Case>({
      {404, "NotFound", "", ErrorKind::NotFound, {}},
      {409, "AlreadyExists", "", ErrorKind::AlreadyExists, {}},
      {409, "Conflict", "", ErrorKind::Conflict, {}},
      {422, "Invalid", "", ErrorKind::Invalid, {}},
      {429, "TooManyRequests", "Retry-After: 3\r\n", ErrorKind::TooManyRequests, 3s},
      {500, "InternalError", "", ErrorKind::InternalError, {}},
      {503, "ServiceUnavailable", "Retry-After: 1\r\n", ErrorKind::Unavailable, 1s},
  }));
  const ScriptedServer server(
      {{"GET",
        kTarget + "/b",
        {Send{response(code, status_json(code, reason, "what the server said"), headers)}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  const auto got = client.get<api::RoleBinding>(kKey, {});
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == kind);
  CHECK(got.error().message == "what the server said");
  CHECK(got.error().retry_after == retry_after);
}

TEST_CASE("an answer that is not JSON, or cut short, is Decode") {
  const ScriptedServer server(
      {{"GET", kTarget + "/b", {Send{response(200, R"({"kind":"RoleBinding","metadata":{"na)")}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  const auto got = client.get<api::RoleBinding>(kKey, {});
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == ErrorKind::Decode);
  CHECK(got.error().message == "the API server's answer to get rolebindings is not JSON, or is cut short");
}

TEST_CASE("a deletion says whether the object is gone") {
  struct Case {
    std::string answer;
    std::optional<kube::DeleteOutcome> outcome;
    ErrorKind kind;
  };
  const auto [answer, outcome, kind] = GENERATE(values<Case>({
      {response(200, R"({"kind":"Status","status":"Success"})"), kube::DeleteOutcome::Gone, {}},
      {response(404, status_json(404, "NotFound", "none")), kube::DeleteOutcome::Gone, {}},
      {response(200,
                binding_json("b", R"(,"deletionTimestamp":"2026-11-24T20:00:00Z","finalizers":["x/y"])")),
       kube::DeleteOutcome::BeingDeleted,
       {}},
      {response(409, status_json(409, "Conflict", "another uid")), std::nullopt, ErrorKind::Conflict},
      {response(403, status_json(403, "Forbidden", "no")), std::nullopt, ErrorKind::Forbidden},
  }));
  const ScriptedServer server({{"DELETE", kTarget + "/b", {Send{answer}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  const auto result = client.remove<api::RoleBinding>(kKey, "the-uid", {});
  REQUIRE(result.has_value() == outcome.has_value());
  if (result)
    CHECK(*result == *outcome);
  else
    CHECK(result.error().kind == kind);
  const auto body = nlohmann::json::parse(server.seen().at(0).body);
  CHECK(body["preconditions"]["uid"] == "the-uid");
  CHECK(body["propagationPolicy"] == "Background");
}

TEST_CASE("a list skips what it cannot decode and says which") {
  const std::string body = R"({"metadata":{"resourceVersion":"9","continue":"more"},"items":[)" +
                           binding_json("good") +
                           R"(,{"metadata":{"name":"bad","namespace":"payments"},"roleRef":"a text"}]})";
  const ScriptedServer server(
      {{"GET", kTarget + "?labelSelector=a%3Db&limit=500", {Send{response(200, body)}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  const auto page = client.list<api::RoleBinding>({.ns = "payments", .labels = "a=b"}, {}, {});
  REQUIRE(page);
  REQUIRE(page->items.size() == 1);
  CHECK(page->items.front().metadata.name == "good");
  REQUIRE(page->undecodable.size() == 1);
  CHECK(page->undecodable.front().key == api::ObjectKey{"payments", "bad"});
  CHECK(page->continue_token == "more");
  CHECK(page->resource_version == "9");
}

TEST_CASE("calls are observed with their verb, resource and status, and the server's clock") {
  const ScriptedServer server(
      {{"GET", kTarget + "/b", {Send{response(404, "", "Date: Tue, 24 Nov 2026 20:00:05 GMT\r\n")}}},
       {"GET", "/api/v1/namespaces/payments/configmaps/c", {Send{response(200, "{}")}}},
       {"GET", "/api/v1/namespaces/payments", {Send{response(200, "{}")}}}});
  const auto transport = transport_to(server);
  std::vector<std::string> calls;
  std::vector<std::string> dates;
  kube::Client client(
      *transport,
      {.observe_call =
           [&](std::string_view verb, std::string_view resource, int status, std::chrono::nanoseconds took) {
             CHECK(took > 0ns);
             calls.push_back(std::string(verb) + " " + std::string(resource) + " " + std::to_string(status));
           },
       .observe_date = [&](TimePoint date,
                           std::chrono::nanoseconds) { dates.push_back(format_rfc3339(date)); }});
  CHECK_FALSE(client.get<api::RoleBinding>(kKey, {}));
  CHECK(client.get_raw("/api/v1/namespaces/payments/configmaps/c", {}));
  CHECK(client.get_raw("/api/v1/namespaces/payments", {}));
  CHECK(calls ==
        std::vector<std::string>{"get rolebindings 404", "get configmaps 200", "get namespaces 200"});
  CHECK(dates == std::vector<std::string>{"2026-11-24T20:00:05Z"});
}

TEST_CASE("a call that gets no answer ends at the client's deadline") {
  const ScriptedServer server({{"GET", kTarget + "/b", {Hang{}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport, {.deadline = 100ms});
  const auto got = client.get<api::RoleBinding>(kKey, {});
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == ErrorKind::Timeout);
  CHECK_FALSE(client.contact().in_contact());
}

TEST_CASE("a client for less time has the shorter deadline and the same contact") {
  const ScriptedServer server({{"GET", kTarget + "/b", {Hang{}}}, {"GET", kTarget + "/b", {Hang{}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport, {.deadline = 100ms});
  const Stopwatch watch;
  CHECK(client.within(20ms).get<api::RoleBinding>(kKey, {}).error().message.find("20 ms") !=
        std::string::npos);
  CHECK(client.within(10s).get<api::RoleBinding>(kKey, {}).error().message.find("100 ms") !=
        std::string::npos);
  CHECK_FALSE(client.contact().in_contact());
}

TEST_CASE("a call waits while as many as are allowed are under way, and says so where that is too long") {
  ScriptedServer server({{"GET", kTarget + "/b", {Send{response(200, binding_json("b"))}}}});
  const auto transport = transport_to(server);
  kube::InFlight in_flight(1);
  kube::Client client(*transport, {.deadline = 50ms, .in_flight = &in_flight});
  {
    const auto place = in_flight.enter(1s, {});
    const auto got = client.get<api::RoleBinding>(kKey, {});
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == ErrorKind::Timeout);
    CHECK(got.error().message ==
          "could not get rolebindings: as many calls as are allowed at once were under way all the time");
    CHECK(client.contact().in_contact());
    CHECK(server.seen().empty());
  }
  CHECK(client.get<api::RoleBinding>(kKey, {}));
  CHECK(in_flight.enter(1ms, {}));  // the call has left
}

TEST_CASE("a watch that goes on tells that contact is back, where nothing else is asked for") {
  ScriptedServer server({{"GET",
                          kTarget + "?",
                          {Send{chunked_head() + chunk("{}\n")}, Wait{1500ms}, Send{chunk("{}\n")}, Hang{}}},
                         {"GET", kTarget + "/b", {Send{response(503, "")}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  int lines = 0;
  bool was_in_contact = true;
  const auto sink = [&](std::string_view) {
    if (++lines == 1) {
      CHECK_FALSE(client.get<api::RoleBinding>(kKey, {}));
      was_in_contact = client.contact().in_contact();
    }
    return lines < 2;
  };
  CHECK(client.watch(kube::resource_of<api::RoleBinding>(), {.ns = "payments"},
                     {.resource_version = "1", .timeout = 60s}, sink, 60s, {}));
  CHECK_FALSE(was_in_contact);
  CHECK(client.contact().in_contact());
  CHECK(server.trouble().empty());
}
