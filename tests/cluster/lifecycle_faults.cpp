#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "controller.hpp"
#include "faultproxy.hpp"
#include "lifecycle.hpp"

// Everything between the controller and the API server breaks in turn while access is active:
// tests/cluster/faultproxy does it. These tests do not wait for a half-open watch that nothing else reveals
// (90 s of silence), nor for an expired token.
using namespace curfew::test;

namespace {

constexpr const char* kLost = "API server unreachable, retrying";
// Per second of a fault, for each of the kinds that are watched: eight, and the guard's three.
constexpr double kMaxRequestsForEach = 4.4;
constexpr double kMaxRequests = 11 * kMaxRequestsForEach;
constexpr double kMaxWork = 0.5;      // of one processor
constexpr std::size_t kMaxLines = 9;  // lines of log per fault, not one per attempt

// CPU time of a process so far, in seconds.
double work_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Fault {
  std::string name;
  Json control;
  int times_lost = 0;  // how often lost contact is logged; -1: at most once
};

struct Behind {
  Scene scene;
  FaultProxy proxy{scene.cluster};
  Controller controller{scene.cluster, {}, {}, proxy.kubeconfig()};
  std::string policy = scene.space.policy(automatic());

  Behind() { controller.start_leading(); }
  ~Behind() {
    proxy.set({{"fault", "pass"}});
    controller.stop();  // releases the lease for the next test
  }
  Request ask(const std::string& name, const std::string& duration) const {
    return Request(scene, policy, "duration: " + duration, std::nullopt, name);
  }
};

// Checks that access was granted after the record of its request, and recorded once it was there.
void check_recorded(const Scene& scene, const Request& request, curfew::TimePoint since) {
  const auto written = [&](const std::string& action) {
    return call_of_curfew(scene.cluster, "create", request.await_record(action)["metadata"]["name"], since);
  };
  const auto granted = call_of_curfew(scene.cluster, "create", request.binding_name(), since);
  const auto requested = written("Requested");
  const auto recorded = written("Granted");
  REQUIRE(granted.has_value());
  REQUIRE(requested.has_value());
  REQUIRE(recorded.has_value());
  CHECK(*requested <= *granted);
  CHECK(*granted <= *recorded);
}

int milliseconds_between(curfew::TimePoint from, curfew::TimePoint to) {
  return static_cast<int>(std::chrono::floor<milliseconds>(to - from).count());
}

std::string log_since(const Controller& controller, std::size_t line) {
  std::string text;
  const auto lines = controller.log();
  for (std::size_t i = line; i < lines.size(); ++i) text += "\n  " + lines[i].dump();
  return text;
}

// One access ends during the fault, one request is made during it, and one after it.
void live_through(Behind& behind, const Fault& fault) {
  INFO("fault: " << fault.name << "; proxy: " << behind.proxy.errors());
  const Scene& scene = behind.scene;
  Controller& controller = behind.controller;
  const auto since = now() - seconds(1);
  const Request ending = behind.ask("ending-" + fault.name, "3s");
  ending.await("Active");
  const auto expires_at = ending.time("expiresAt");
  const int lost_before = controller.times_said(kLost);
  const auto lines_before = controller.log().size();

  behind.proxy.set(fault.control);
  const auto began = now();
  REQUIRE(began < expires_at - milliseconds(500));  // otherwise the machine is too slow for this test
  const double work_before = work_of(controller.pid());
  const Request asked = behind.ask("asked-" + fault.name, "30m");
  sleep_until(std::max(expires_at + seconds(1), began + seconds(3)));
  const double lasted = milliseconds_between(began, now()) / 1000.0;
  const double work = (work_of(controller.pid()) - work_before) / lasted;
  const double requests = behind.proxy.requests_since(began) / lasted;
  CHECK(controller.get("/healthz").status == 200);
  const auto lines = controller.log().size() - lines_before;
  behind.proxy.set({{"fault", "pass"}});
  const auto ended = now();

  ending.await_no_binding(seconds(15));
  const auto deleted = deleted_at(scene, ending, since);
  const int late = milliseconds_between(std::max(expires_at, ended), deleted);
  asked.await("Active", seconds(20));
  const int asked_took = milliseconds_between(ended, now());
  const auto asked_again = now();
  const Request after = behind.ask("after-" + fault.name, "30m");
  after.await("Active", seconds(20));
  const int after_took = milliseconds_between(asked_again, now());
  ending.await("Expired", seconds(10));
  const int lost = controller.times_said(kLost) - lost_before;
  WARN(fault.name << ": deleted " << milliseconds_between(expires_at, deleted) << " ms after its end, "
                  << milliseconds_between(ended, deleted) << " ms after the fault; granted " << asked_took
                  << " ms after the fault, and a new one in " << after_took << " ms; " << requests
                  << " requests/s; " << work << " of a processor; contact lost " << lost << " times; "
                  << lines << " lines of log");
  INFO("log since then: " << log_since(controller, lines_before));
  CHECK(late <= 1000);
  CHECK(asked_took < 5000);
  CHECK(after_took < 5000);
  CHECK(requests < kMaxRequests);
  CHECK(work < kMaxWork);
  CHECK(lines <= kMaxLines);
  if (fault.times_lost >= 0)
    CHECK(lost == fault.times_lost);
  else
    CHECK(lost <= 1);
  for (const Request* request : {&ending, &asked, &after}) check_recorded(scene, *request, since);
}

void live_through_all(const std::vector<Fault>& faults) {
  Behind behind;
  for (const Fault& fault : faults) live_through(behind, fault);
  CHECK(behind.controller.stop() == 0);
}

Json status(int code, const Json& more = Json::object()) {
  Json control{{"fault", "status"}, {"code", code}};
  control.update(more);
  return control;
}

}  // namespace

TEST_CASE("an API server that cannot be reached, or whose connections die, costs no more than that time",
          "[replica]") {
  live_through_all({
      {"refused", {{"fault", "refuse"}}, 1},
      {"half-open", {{"fault", "half-open"}}, -1},
      {"reset", {{"fault", "reset"}}, -1},
  });
}

TEST_CASE("an API server that is slow costs no more than that time", "[replica]") {
  live_through_all({
      {"latency-200ms", {{"fault", "latency"}, {"ms", 200}}, 0},
      {"latency-5s", {{"fault", "latency"}, {"ms", 5000}}, -1},
      {"byte-a-second", {{"fault", "slow"}}, -1},
  });
}

TEST_CASE("an API server that answers with errors costs no more than that time", "[replica]") {
  live_through_all({
      {"500", status(500), -1},
      {"503", status(503, {{"retry_after", 1}}), 1},
      {"429", status(429, {{"retry_after", 1}}), 0},
      {"500-deletes", status(500, {{"method", "DELETE"}}), 0},
  });
}

TEST_CASE(
    "answers that are cut, and watches that expire, repeat themselves or go back, cost no more than that time",
    "[replica]") {
  live_through_all({
      {"truncated", {{"fault", "truncate"}}, -1},
      {"gone", {{"fault", "gone"}}, 0},
      {"duplicate", {{"fault", "duplicate"}}, 0},
      {"stale", {{"fault", "stale"}}, 0},
  });
}
