#include "kube/event_recorder.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "api/codec.hpp"
#include "fakeapi/fixtures.hpp"

using namespace curfew;
using namespace curfew::fakeapi;
using namespace std::chrono_literals;

namespace {

const std::string kEvents = "/apis/events.k8s.io/v1/namespaces/payments/events?fieldManager=curfew";

api::Event expired() {
  return {.reason = "Expired", .regarding = {.kind = "AccessRequest", .ns = "payments", .name = "fix"}};
}

// A recorder on its own thread. The destructor stops it.
class Recorder {
 public:
  explicit Recorder(const ScriptedServer& server)
      : transport_(transport_to(server)),
        client_(*transport_, {.observe_call = [this](auto, auto, int, auto) { ++answered_; }}) {}

  void record(api::Event event) { recorder_.record(std::move(event)); }
  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { recorder_.run(stop); });
  }
  // Waits until that many posts are answered. A request that the server has merely received is not enough:
  // stop() makes the recorder post an event in progress again.
  bool has_posted(int times) const {
    const Stopwatch watch;
    while (answered_ < times && watch.elapsed() < kTimeout) std::this_thread::yield();
    return answered_ == times;
  }
  // Returns the time that it took.
  std::chrono::milliseconds stop() {
    const Stopwatch watch;
    thread_.request_stop();
    thread_.join();
    return watch.elapsed();
  }
  // Runs with the stop already requested, so without a single turn of the loop.
  void run_stopped() {
    std::stop_source stopped;
    stopped.request_stop();
    recorder_.run(stopped.get_token());
  }
  int dropped() const { return dropped_; }
  void set_busy(bool busy) { busy_ = busy; }

 private:
  std::atomic<bool> busy_ = false;
  std::atomic<int> answered_ = 0;
  std::unique_ptr<http::CpprestTransport> transport_;
  kube::Client client_;
  std::atomic<int> dropped_ = 0;
  kube::EventRecorder recorder_{client_, "pod-1", [this] { ++dropped_; }, [this] { return busy_.load(); }};
  std::jthread thread_;
};

}  // namespace

TEST_CASE("events are posted to the regarding object's namespace under names of their own") {
  ScriptedServer server({{"POST", kEvents, {Send{response(500, "")}}},
                         {"POST", kEvents, {Send{response(201, "{}")}}},
                         {"POST",
                          "/apis/events.k8s.io/v1/namespaces/default/events?fieldManager=curfew",
                          {Send{response(403, "")}}},
                         {"POST", kEvents, {Send{response(201, "{}")}}}});
  Recorder recorder(server);
  recorder.record({.reason = "Granted",
                   .note = std::string(2000, 'x'),
                   .regarding = {.kind = "AccessRequest", .ns = "payments", .name = "fix"}});
  recorder.record({.reason = "Ready", .regarding = {.kind = "AccessPolicy", .name = "policy"}});
  recorder.record(expired());
  recorder.start();
  CHECK(recorder.has_posted(4));
  recorder.stop();
  CHECK(server.trouble().empty());
  CHECK(recorder.dropped() == 1);
  const auto first = nlohmann::json::parse(server.seen().at(0).body);
  const auto last = nlohmann::json::parse(server.seen().at(3).body);
  CHECK(server.seen().at(0).body == server.seen().at(1).body);  // the same event again, not another
  CHECK(first["metadata"]["name"].get<std::string>().starts_with("fix."));
  CHECK(first["metadata"]["name"] != last["metadata"]["name"]);
  CHECK(first["note"].get<std::string>().size() == 1024);
  CHECK(first["reportingInstance"] == "pod-1");
}

TEST_CASE("an event that goes with its namespace is nobody's loss") {
  const std::string going =
      R"({"kind":"Status","code":403,"reason":"Forbidden","details":{"causes":[{"reason":"NamespaceTerminating"}]}})";
  ScriptedServer server(
      {{"POST", kEvents, {Send{response(403, going)}}},
       {"POST", kEvents, {Send{response(404, R"({"kind":"Status","code":404,"reason":"NotFound"})")}}},
       {"POST", kEvents, {Send{response(201, "{}")}}}});
  Recorder recorder(server);
  for (int i = 0; i < 3; ++i) recorder.record(expired());
  recorder.start();
  CHECK(recorder.has_posted(3));
  recorder.stop();
  CHECK(server.trouble().empty());
  CHECK(recorder.dropped() == 0);
}

TEST_CASE("recording an event never waits: beyond four thousand they are dropped and counted") {
  ScriptedServer server({});
  Recorder recorder(server);
  for (int i = 0; i < 4003; ++i) recorder.record({.regarding = {.name = "x"}});
  CHECK(recorder.dropped() == 3);
}

TEST_CASE("events that wait at the end are written, the one under way once more under its name") {
  ScriptedServer server(
      {{"POST", kEvents, {Hang{}}},
       {"POST", kEvents, {Send{response(409, R"({"kind":"Status","code":409,"reason":"AlreadyExists"})")}}},
       {"POST", kEvents, {Send{response(201, "{}")}}}});
  Recorder recorder(server);
  recorder.record(expired());
  recorder.record(expired());
  recorder.start();
  while (server.seen().empty()) std::this_thread::yield();
  CHECK(recorder.stop() < 1s);
  CHECK(server.trouble().empty());
  CHECK(recorder.dropped() == 0);
  CHECK(server.seen().at(0).body == server.seen().at(1).body);
  CHECK(server.seen().at(1).body != server.seen().at(2).body);
}

TEST_CASE(
    "an event that could not be written at the end is dropped and counted, the next one still has its try") {
  ScriptedServer server(
      {{"POST", kEvents, {Send{response(503, "")}}}, {"POST", kEvents, {Send{response(201, "{}")}}}});
  Recorder recorder(server);
  recorder.record(expired());
  recorder.record(expired());
  recorder.run_stopped();
  CHECK(server.trouble().empty());
  CHECK(recorder.dropped() == 1);
}

TEST_CASE("a server that does not answer holds the end up for a second") {
  ScriptedServer server({{"POST", kEvents, {Hang{}}}});
  Recorder recorder(server);
  for (int i = 0; i < 3; ++i) recorder.record(expired());
  const Stopwatch watch;
  recorder.run_stopped();
  CHECK(watch.elapsed() < 1500ms);
  CHECK(recorder.dropped() == 3);
}

TEST_CASE("events wait while there is something more urgent, and are posted when it is done, or at the end") {
  const bool is_stopped = GENERATE(false, true);
  ScriptedServer server({{"POST", kEvents, {Send{response(201, "{}")}}}});
  Recorder recorder(server);
  recorder.set_busy(true);
  recorder.start();
  recorder.record(expired());
  std::this_thread::sleep_for(100ms);
  CHECK(server.seen().empty());
  if (is_stopped) {
    recorder.stop();
  } else {
    recorder.set_busy(false);
  }
  CHECK(recorder.has_posted(1));
  CHECK(recorder.dropped() == 0);
}
