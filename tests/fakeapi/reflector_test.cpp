#include "kube/reflector.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <condition_variable>
#include <mutex>

#include "api/codec.hpp"
#include "fakeapi/fixtures.hpp"

using namespace curfew;
using namespace curfew::fakeapi;
using namespace std::chrono_literals;

namespace {

const std::string kList = "/api/v1/namespaces?limit=500";
const std::string kWatch = "/api/v1/namespaces?watch=true&resourceVersion=";

std::string object(const std::string& name, int version) {
  return R"({"metadata":{"name":")" + name + R"(","uid":"uid-)" + name + R"(","resourceVersion":")" +
         std::to_string(version) + R"("}})";
}

std::string list_of(int version, const std::vector<std::string>& objects, const std::string& more = "") {
  std::string items;
  for (const std::string& item : objects) items += (items.empty() ? "" : ",") + item;
  return R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"(","continue":")" + more +
         R"("},"items":[)" + items + "]}";
}

std::string watch_event(const std::string& type, const std::string& of) {
  return R"({"type":")" + type + R"(","object":)" + of + "}\n";
}

std::string bookmark(int version) {
  return watch_event("BOOKMARK", R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"("}})");
}

const std::string kExpired =
    R"({"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"})";

// A reflector of namespaces on its own thread, and the changes its handler received: "+a@1", "a@1>2", "-a@2".
class RunningReflector {
 public:
  explicit RunningReflector(const ScriptedServer& server, std::chrono::milliseconds idle = 5s)
      : transport_(transport_to(server)), client_(*transport_) {
    auto config = kube::reflector_config<api::Namespace>();
    config.on_change = [this](const auto& before, const auto& after) {
      const std::scoped_lock lock(mutex_);
      if (before && after)
        told_.push_back(after->metadata.name + "@" + before->metadata.resource_version + ">" +
                        after->metadata.resource_version);
      else if (after)
        told_.push_back("+" + after->metadata.name + "@" + after->metadata.resource_version);
      else
        told_.push_back("-" + before->metadata.name + "@" + before->metadata.resource_version);
    };
    config.on_synced = [this] { ++synced_; };
    config.on_watch_failed = [this] { ++failed_watches_; };
    config.timing.idle = idle;
    config.timing.watcher.first_backoff = 5ms;
    config.timing.watcher.longest_backoff = 20ms;
    reflector_ = std::make_unique<kube::Reflector<api::Namespace>>(client_, store_, config);
    thread_ = std::jthread([this](const std::stop_token& stop) { reflector_->run(stop); });
  }

  // Returns the time that it took.
  std::chrono::milliseconds stop() {
    const Stopwatch watch;
    thread_.request_stop();
    thread_.join();
    return watch.elapsed();
  }

  std::vector<std::string> told() const {
    const std::scoped_lock lock(mutex_);
    return told_;
  }

  int synced() const { return synced_; }
  int failed_watches() const { return failed_watches_; }
  std::uint64_t undecodable() const { return reflector_->undecodable(); }
  const kube::Store<api::Namespace>& store() const { return store_; }

 private:
  std::unique_ptr<http::CpprestTransport> transport_;
  kube::Client client_;
  kube::Store<api::Namespace> store_;
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
  std::atomic<int> synced_ = 0;
  std::atomic<int> failed_watches_ = 0;
  std::unique_ptr<kube::Reflector<api::Namespace>> reflector_;
  std::jthread thread_;
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("a list in pages, then a watch from its version, however the events are cut") {
  const std::string events = watch_event("ADDED", object("größe", 11)) +
                             watch_event("MODIFIED", object("a", 12)) +
                             watch_event("DELETED", object("b", 13));
  const std::size_t within_character = events.find("ö") + 1;
  const std::size_t within_line = events.find("MODIFIED") + 3;
  ScriptedServer server(
      {{"GET", kList, {Send{response(200, list_of(10, {object("a", 1)}, "page/2"))}}},
       {"GET", kList + "&continue=page%2F2", {Send{response(200, list_of(10, {object("b", 2)}))}}},
       {"GET",
        kWatch + "10&allowWatchBookmarks=true&timeoutSeconds=",
        {Send{chunked_head() + chunk(events.substr(0, within_character))}, Wait{20ms},
         Send{chunk(events.substr(within_character, within_line - within_character))}, Wait{20ms},
         Send{chunk(events.substr(within_line))}, Send{last_chunk()}}},
       {"GET", kWatch + "13", {Send{chunked_head()}, Hang{}}}});
  RunningReflector reflector(server);
  CHECK(server.trouble().empty());
  CHECK(reflector.stop() < 500ms);
  CHECK(reflector.synced() == 1);
  auto told = reflector.told();
  std::sort(told.begin(), told.begin() + 2);  // a list is unordered
  CHECK(told == Told{"+a@1", "+b@2", "+größe@11", "a@1>12", "-b@13"});
  CHECK(reflector.store().size() == 2);
  CHECK(reflector.store().get({"", "a"})->metadata.resource_version == "12");
}

TEST_CASE("events that are not newer than what is known change nothing") {
  const std::string old = watch_event("MODIFIED", object("a", 12)) + watch_event("DELETED", object("a", 13)) +
                          watch_event("ADDED", object("b", 20));
  const std::string repeated =
      watch_event("MODIFIED", object("a", 21)) + watch_event("MODIFIED", object("a", 21));
  ScriptedServer server({{"GET", kList, {Send{response(200, list_of(20, {object("a", 15)}))}}},
                         {"GET",
                          kWatch + "20",
                          {Send{chunked_head() + chunk(old) + chunk(repeated) +
                                chunk(watch_event("ADDED", object("c", 22))) + last_chunk()}}},
                         {"GET", kWatch + "22", {Send{chunked_head()}, Hang{}}}});
  RunningReflector reflector(server);
  CHECK(server.trouble().empty());
  reflector.stop();
  CHECK(reflector.told() == Told{"+a@15", "a@15>21", "+c@22"});
  CHECK(reflector.failed_watches() == 0);
}

TEST_CASE("a watch resumes from its bookmark") {
  ScriptedServer server({{"GET", kList, {Send{response(200, list_of(10, {}))}}},
                         {"GET", kWatch + "10", {Send{chunked_head() + chunk(bookmark(50)) + last_chunk()}}},
                         {"GET", kWatch + "50", {Send{chunked_head()}, Hang{}}}});
  RunningReflector reflector(server);
  CHECK(server.trouble().empty());
  reflector.stop();
  CHECK(reflector.failed_watches() == 0);  // the first ended normally, the second was stopped
}

TEST_CASE("an expired version, in the stream or as the status, lists again and tells the difference") {
  const bool in_stream = GENERATE(true, false);
  const Action expired = in_stream
                             ? Send{chunked_head() + chunk(watch_event("ERROR", kExpired)) + last_chunk()}
                             : Send{response(410, kExpired)};
  ScriptedServer server(
      {{"GET",
        kList,
        {Send{response(200, list_of(10, {object("stays", 1), object("changes", 2), object("goes", 3)}))}}},
       {"GET", kWatch + "10", {expired}},
       {"GET",
        kList,
        {Send{response(200, list_of(20, {object("stays", 1), object("changes", 15), object("comes", 16)}))}}},
       {"GET", kWatch + "20", {Send{chunked_head()}, Hang{}}}});
  RunningReflector reflector(server);
  CHECK(server.trouble().empty());
  reflector.stop();
  auto told = reflector.told();
  REQUIRE(told.size() == 6);
  std::sort(told.begin() + 3, told.end());
  CHECK(Told(told.begin() + 3, told.end()) == Told{"+comes@16", "-goes@3", "changes@2>15"});
  CHECK(reflector.synced() == 1);
  CHECK(reflector.failed_watches() == 1);
}

TEST_CASE("an expired continue token starts the list over") {
  ScriptedServer server({{"GET", kList, {Send{response(200, list_of(10, {object("old", 1)}, "next"))}}},
                         {"GET", kList + "&continue=next", {Send{response(410, kExpired)}}},
                         {"GET", kList, {Send{response(200, list_of(20, {object("new", 12)}))}}},
                         {"GET", kWatch + "20", {Send{chunked_head()}, Hang{}}}});
  RunningReflector reflector(server);
  CHECK(server.trouble().empty());
  reflector.stop();
  CHECK(reflector.told() == Told{"+new@12"});
}

TEST_CASE("trouble while listing or watching is waited out") {
  ScriptedServer server(
      {{"GET", kList, {Send{response(500, "")}}},
       {"GET", kList, {Send{response(200, "{\"cut")}}},
       {"GET", kList, {Send{response(200, "{}")}}},
       {"GET", kList, {Reset{}}},  // three in a row: the first two are retried as stale connections
       {"GET", kList, {Reset{}}},
       {"GET", kList, {Reset{}}},
       {"GET", kList, {Send{response(200, list_of(10, {}))}}},
       {"GET", kWatch + "10", {Send{response(429, "")}}},
       {"GET", kWatch + "10", {Send{chunked_head() + chunk(watch_event("ADDED", object("a", 11)))}, Reset{}}},
       {"GET", kWatch + "11", {Send{chunked_head() + chunk(R"({"type":"ADDED","obj)")}, Close{}}},
       {"GET", kWatch + "11", {Send{chunked_head() + chunk("nonsense\n") + last_chunk()}}},
       {"GET", kList, {Send{response(200, list_of(12, {object("a", 11)}))}}},
       {"GET", kWatch + "12", {Send{chunked_head()}, Hang{}}}});
  RunningReflector reflector(server);
  CHECK(server.trouble().empty());
  reflector.stop();
  CHECK(reflector.told() == Told{"+a@11"});
  CHECK(reflector.failed_watches() == 4);  // failed lists do not count
}

TEST_CASE("a watch that says nothing is begun anew from where it was") {
  ScriptedServer server(
      {{"GET", kList, {Send{response(200, list_of(10, {}))}}},
       {"GET", kWatch + "10", {Send{chunked_head()}, Hang{}}},
       {"GET", kWatch + "10", {Send{chunked_head() + chunk(watch_event("ADDED", object("a", 11)))}, Hang{}}},
       {"GET", kWatch + "11", {Send{chunked_head()}, Hang{}}}});
  // The script's last watch is silent as well; the script is checked before that watch exceeds the idle time.
  const RunningReflector reflector(server, 1s);
  CHECK(server.trouble().empty());
  CHECK(reflector.failed_watches() >= 2);
}

TEST_CASE("an object that can no longer be read keeps its last state until it is deleted") {
  const std::string broken = R"({"metadata":{"name":"a","resourceVersion":"11","labels":"a text"}})";
  const std::string deleted = R"({"metadata":{"name":"a","resourceVersion":"12","labels":"a text"}})";
  ScriptedServer server(
      {{"GET", kList, {Send{response(200, list_of(10, {object("a", 1)}))}}},
       {"GET", kWatch + "10", {Send{chunked_head() + chunk(watch_event("MODIFIED", broken)) + last_chunk()}}},
       {"GET", kWatch + "11", {Send{chunked_head() + chunk(watch_event("ERROR", kExpired)) + last_chunk()}}},
       {"GET",
        kList,
        {Send{response(200, list_of(11, {broken, R"({"metadata":{"name":"never","labels":1}})"}))}}},
       {"GET", kWatch + "11", {Send{chunked_head()}, Hang{}}}});
  {
    RunningReflector reflector(server);
    CHECK(server.trouble().empty());
    reflector.stop();
    CHECK(reflector.told() == Told{"+a@1"});
    REQUIRE(reflector.store().get({"", "a"}));
    CHECK(reflector.undecodable() == 3);
  }
  ScriptedServer next(
      {{"GET", kList, {Send{response(200, list_of(10, {object("a", 1)}))}}},
       {"GET", kWatch + "10", {Send{chunked_head() + chunk(watch_event("DELETED", deleted)) + last_chunk()}}},
       {"GET", kWatch + "12", {Send{chunked_head()}, Hang{}}}});
  RunningReflector reflector(next);
  CHECK(next.trouble().empty());
  reflector.stop();
  CHECK(reflector.told() == Told{"+a@1", "-a@1"});
}

TEST_CASE("a reflector stops within half a second while it waits for a server that is away") {
  http::ClientConfig config;
  {
    const ScriptedServer server({});
    config.server = server.url();
  }
  const auto transport = http::CpprestTransport::create(config);
  REQUIRE(transport);
  kube::Client client(**transport);
  kube::Store<api::Namespace> store;
  auto reflected = kube::reflector_config<api::Namespace>();
  reflected.timing.watcher.first_backoff = 60s;
  reflected.timing.watcher.longest_backoff = 60s;
  kube::Reflector<api::Namespace> reflector(client, store, reflected);
  std::jthread thread([&](const std::stop_token& stop) { reflector.run(stop); });
  while (client.contact().in_contact()) std::this_thread::yield();
  const Stopwatch watch;
  thread.request_stop();
  thread.join();
  CHECK(watch.elapsed() < 500ms);
  CHECK_FALSE(store.synced());
}

TEST_CASE("objects without a struct are reflected whole") {
  const std::string policy =
      R"({"metadata":{"name":"p","uid":"u","resourceVersion":"3","generation":4},"spec":{"failurePolicy":"Fail"}})";
  ScriptedServer server(
      {{"GET", "/apis/x/v1/policies?limit=500", {Send{response(200, list_of(5, {policy}))}}},
       {"GET", "/apis/x/v1/policies?watch=true", {Send{chunked_head()}, Hang{}}}});
  const auto transport = transport_to(server);
  kube::Client client(*transport);
  kube::Store<kube::RawObject> store;
  kube::Reflector<kube::RawObject> reflector(
      client, store, kube::raw_reflector_config({"/apis/x/v1", "policies", "Policy"}));
  const std::jthread thread([&](const std::stop_token& stop) { reflector.run(stop); });
  CHECK(server.trouble().empty());
  const auto object = store.get({"", "p"});
  REQUIRE(object);
  CHECK(object->metadata.generation == 4);
  CHECK((*object->json)["spec"]["failurePolicy"] == "Fail");
}
