// Lists whose pages are too large, too slow or unreadable.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "api/codec.hpp"
#include "fakeapi/fixtures.hpp"
#include "kube/client.hpp"
#include "kube/reflector.hpp"

using namespace curfew;
using namespace curfew::fakeapi;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using Names = std::vector<std::string>;

const std::string kPath = "/api/v1/namespaces?";

std::string object(const std::string& name, std::size_t padding = 0) {
  return R"({"metadata":{"name":")" + name + R"(","uid":"u","resourceVersion":"3","annotations":{"p":")" +
         std::string(padding, 'x') + R"("}}})";
}

// A list as the API server writes it for a built-in kind or for a custom resource.
std::string list_of(const Names& objects, const std::string& more = {}, bool is_custom = false) {
  std::string items;
  for (const std::string& item : objects) items += (items.empty() ? "" : ",") + item;
  const std::string metadata = R"("metadata":{"continue":")" + more + R"(","resourceVersion":"10"})";
  if (is_custom) return R"({"apiVersion":"v1","items":[)" + items + R"(],"kind":"List",)" + metadata + "}";
  return R"({"kind":"List",)" + metadata + R"(,"items":[)" + items + "]}";
}

std::string too_large() {
  return response(200, list_of({object("a", std::size_t{5} << 20)}));
}

Result<kube::Page<api::Namespace>> list(kube::Client& client, kube::ListParams& params) {
  return client.list<api::Namespace>({}, params, {});
}

}  // namespace

TEST_CASE(
    "a page that is too large is asked for again in halves, and the next ones grow again, without any loss of contact") {
  ScriptedServer server(
      {{"GET", kPath + "limit=500", {Send{too_large()}}},
       {"GET", kPath + "limit=250", {Send{too_large()}}},
       {"GET", kPath + "limit=125", {Send{response(200, list_of({object("a")}, "2"))}}},
       {"GET",
        kPath + "limit=250&continue=2",
        {Send{response(200, list_of({object("b", std::size_t{2} << 20)}, "3"))}}},
       {"GET", kPath + "limit=250&continue=3", {Send{response(200, list_of({object("c")}))}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  kube::ListParams params;
  Names names;
  do {
    const auto page = list(client, params);
    REQUIRE(page);
    for (const auto& item : page->items) names.push_back(item.metadata.name);
    params.continue_token = page->continue_token;
  } while (!params.continue_token.empty());
  CHECK(names == Names{"a", "b", "c"});
  CHECK(params.limit == 500);
  CHECK(client.contact().in_contact());
  CHECK(server.trouble().empty());
}

TEST_CASE("what came of a page that is too large says how many objects the next one may have") {
  constexpr std::size_t kLarge = std::size_t{3} << 19;  // two of them fit into a page
  ScriptedServer server({{"GET",
                          kPath + "limit=500",
                          {Send{response(200, list_of({object("a", kLarge), object("b", kLarge),
                                                       object("c", kLarge), object("d", kLarge)}))}}},
                         {"GET",
                          kPath + "limit=2",
                          {Send{response(200, list_of({object("a", kLarge), object("b", kLarge)}, "3"))}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  kube::ListParams params;
  const auto page = list(client, params);
  REQUIRE(page);
  CHECK(page->items.size() == 2);
  CHECK(params.limit == 2);
  CHECK(server.trouble().empty());
}

TEST_CASE("one object may be larger than a page") {
  ScriptedServer server(
      {{"GET", kPath + "limit=3", {Send{too_large()}}}, {"GET", kPath + "limit=1", {Send{too_large()}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  kube::ListParams params{.limit = 3};
  const auto page = list(client, params);
  REQUIRE(page);
  CHECK(page->items.size() == 1);
  CHECK(params.limit == 1);
  CHECK(server.trouble().empty());
}

TEST_CASE("an object that is too large even alone is left out, and the list goes on behind it",
          "[megabytes]") {
  ScriptedServer server({{"GET",
                          kPath + "limit=1",
                          {Send{response(200, list_of({object("huge", std::size_t{65} << 20)}, "next"))}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  kube::ListParams params{.limit = 1};
  const auto page = list(client, params);
  REQUIRE(page);
  CHECK(page->items.empty());
  REQUIRE(page->undecodable.size() == 1);
  CHECK(page->undecodable.front().key == api::ObjectKey{"", "huge"});
  CHECK_THAT(page->undecodable.front().why, ContainsSubstring("64 MiB"));
  CHECK(page->continue_token == "next");
  CHECK(page->resource_version == "10");
}

TEST_CASE(
    "a page that is still arriving at the deadline is asked for again in halves: that is no loss of contact") {
  const std::string slow = response(200, list_of({object("a", 1000)}));
  const std::size_t half = slow.size() / 2;
  ScriptedServer server({{"GET",
                          kPath + "limit=500",
                          {Send{slow.substr(0, half)}, Wait{200ms}, Send{slow.substr(half, 10)}, Hang{}}},
                         {"GET", kPath + "limit=250", {Send{response(200, list_of({object("a")}))}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport, {.deadline = 500ms});
  kube::ListParams params;
  CHECK(list(client, params));
  CHECK(client.contact().in_contact());
  CHECK(server.trouble().empty());
}

TEST_CASE("one object that is slow is an error, and not left out") {
  const std::string slow = response(200, list_of({object("a", 1000)}));
  ScriptedServer server({{"GET", kPath + "limit=1", {Send{slow.substr(0, slow.size() / 2)}, Hang{}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport, {.deadline = 300ms});
  kube::ListParams params{.limit = 1};
  const auto page = list(client, params);
  REQUIRE_FALSE(page);
  CHECK(page.error().kind == ErrorKind::Timeout);
}

TEST_CASE(
    "a page without any answer is a hundredth of it the next time: each attempt takes the whole deadline") {
  ScriptedServer server({{"GET", kPath + "limit=500", {Hang{}}},
                         {"GET", kPath + "limit=5", {Send{response(200, list_of({object("a")}))}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport, {.deadline = 300ms});
  kube::ListParams params;
  const auto page = list(client, params);
  REQUIRE_FALSE(page);
  CHECK(page.error().kind == ErrorKind::Timeout);
  CHECK(list(client, params));
  CHECK(server.trouble().empty());
}

TEST_CASE(
    "an object with something in it that is no JSON costs itself only, wherever the list's metadata stands") {
  const bool is_custom = GENERATE(false, true);
  const std::string bad = R"({"metadata":{"name":"bad","resourceVersion":"3"},"number":1e999})";
  const auto answer = [&](const Names& objects, const std::string& more = {}) {
    return Send{response(200, list_of(objects, more, is_custom))};
  };
  ScriptedServer server({{"GET", kPath + "limit=3", {answer({object("a"), bad, object("c")})}},
                         {"GET", kPath + "limit=1", {answer({object("a")}, "2")}},
                         {"GET", kPath + "limit=2&continue=2", {answer({bad, object("c")})}},
                         {"GET", kPath + "limit=1&continue=2", {answer({bad}, "3")}},
                         {"GET", kPath + "limit=1&continue=3", {answer({object("c")})}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  kube::ListParams params{.limit = 3};
  Names names;
  Names left_out;
  do {
    const auto page = list(client, params);
    REQUIRE(page);
    for (const auto& item : page->items) names.push_back(item.metadata.name);
    for (const auto& item : page->undecodable) left_out.push_back(item.key.name);
    params.continue_token = page->continue_token;
  } while (!params.continue_token.empty());
  CHECK(names == Names{"a", "c"});
  CHECK(left_out == Names{"bad"});
  CHECK(server.trouble().empty());
}

TEST_CASE("a page that was cut off on its way is an error, and nothing is left out") {
  const std::string whole = list_of({object("a"), object("b")});
  ScriptedServer server(
      {{"GET", kPath + "limit=1", {Send{response(200, whole.substr(0, whole.size() - 20))}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  kube::ListParams params{.limit = 1};
  const auto page = list(client, params);
  REQUIRE_FALSE(page);
  CHECK(page.error().kind == ErrorKind::Decode);
  CHECK(params.limit == 1);
}

namespace {

std::string event(const std::string& type, const std::string& of) {
  return R"({"type":")" + type + R"(","object":)" + of + "}\n";
}

std::string versioned(const std::string& name, int version, std::size_t padding = 0) {
  return R"({"metadata":{"name":")" + name + R"(","uid":"u","resourceVersion":")" + std::to_string(version) +
         R"(","annotations":{"p":")" + std::string(padding, 'x') + R"("}}})";
}

// A reflector of namespaces on its own thread.
struct Running {
  explicit Running(const ScriptedServer& server,
                   std::function<bool(const api::ObjectKey&)> is_wanted = nullptr)
      : transport(transport_to(server)) {
    auto config = kube::reflector_config<api::Namespace>();
    config.is_wanted = std::move(is_wanted);
    config.on_watch_failed = [this] { ++failed_watches; };
    config.timing.watcher.first_backoff = 5ms;
    config.timing.watcher.longest_backoff = 20ms;
    reflector = std::make_unique<kube::Reflector<api::Namespace>>(client, store, config);
    thread = std::jthread([this](const std::stop_token& stop) { reflector->run(stop); });
  }
  void stop() {
    thread.request_stop();
    thread.join();
  }

  std::unique_ptr<http::CpprestTransport> transport;
  kube::Client client{*transport};
  kube::Store<api::Namespace> store;
  std::atomic<int> failed_watches = 0;
  std::unique_ptr<kube::Reflector<api::Namespace>> reflector;
  std::jthread thread;
};

constexpr std::size_t kTooLong = std::size_t{17} << 20;

}  // namespace

TEST_CASE(
    "an event that is too long, or has something in it that is no JSON, costs its object, not the watch",
    "[megabytes]") {
  const std::string bad = R"({"metadata":{"name":"c","resourceVersion":"14"},"number":1e999})";
  ScriptedServer server(
      {{"GET", kPath + "limit=500", {Send{response(200, list_of({object("a"), object("b")}))}}},
       {"GET",
        kPath + "watch=true&resourceVersion=10",
        {Send{chunked_head()}, Send{chunk(event("MODIFIED", versioned("a", 11, kTooLong)))},
         Send{chunk(event("DELETED", versioned("b", 12, kTooLong)))}, Send{chunk(event("ADDED", bad))},
         Send{chunk(event("ADDED", versioned("d", 15)))}, Send{last_chunk()}}},
       {"GET", kPath + "watch=true&resourceVersion=15", {Send{chunked_head()}, Hang{}}}});
  Running running(server);
  CHECK(server.trouble().empty());
  running.stop();
  REQUIRE(running.store.get({"", "a"}));
  CHECK(running.store.get({"", "a"})->metadata.resource_version == "3");  // the last state that could be read
  CHECK_FALSE(running.store.get({"", "b"}));
  CHECK_FALSE(running.store.get({"", "c"}));
  CHECK(running.store.get({"", "d"}));
  CHECK(running.failed_watches == 0);
  CHECK(running.reflector->undecodable() == 2);
}

TEST_CASE("an event that was cut off on its way is not taken for an unreadable object: all is listed again") {
  const std::string whole = event("ADDED", versioned("b", 11, 100));
  ScriptedServer server(
      {{"GET", kPath + "limit=500", {Send{response(200, list_of({object("a")}))}}},
       {"GET",
        kPath + "watch=true&resourceVersion=10",
        {Send{chunked_head() + chunk(whole.substr(0, whole.size() / 2) + "\n") + last_chunk()}}},
       {"GET", kPath + "limit=500", {Send{response(200, list_of({object("a"), object("b")}))}}},
       {"GET", kPath + "watch=true&resourceVersion=10", {Send{chunked_head()}, Hang{}}}});
  Running running(server);
  CHECK(server.trouble().empty());
  running.stop();
  CHECK(running.store.get({"", "b"}));
  CHECK(running.reflector->undecodable() == 0);
}

TEST_CASE(
    "objects that nobody wants are not kept; when more are wanted, all is listed again in the middle of a watch") {
  ScriptedServer server(
      {{"GET", kPath + "limit=500", {Send{response(200, list_of({object("a"), object("b")}))}}},
       {"GET",
        kPath + "watch=true&resourceVersion=10",
        {Send{chunked_head() + chunk(event("ADDED", versioned("c", 11))) +
              chunk(event("ADDED", versioned("a2", 12)))},
         Hang{}}},
       {"GET", kPath + "limit=500", {Send{response(200, list_of({object("a"), object("b")}))}}},
       {"GET", kPath + "watch=true&resourceVersion=10", {Send{chunked_head()}, Hang{}}}});
  std::atomic<bool> all = false;
  Running running(server, [&](const api::ObjectKey& key) { return all || key.name.starts_with("a"); });
  while (!running.store.get({"", "a2"})) std::this_thread::yield();
  CHECK(running.store.size() == 2);
  all = true;
  running.reflector->relist();
  CHECK(server.trouble().empty());
  running.stop();
  CHECK(running.store.get({"", "b"}));
  CHECK(running.failed_watches == 0);  // a requested relist is not a failure
}
