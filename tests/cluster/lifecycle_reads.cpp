#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <map>
#include <sstream>

#include "controller.hpp"
#include "lifecycle.hpp"

// What Curfew reads from the API server: everything comes from watches.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string describe(const Json& call) {
  const Json& object = call["objectRef"];
  const std::string subresource = object.value("subresource", "");
  return call.value("verb", "") + " " + object.value("resource", "") +
         (subresource.empty() ? "" : "/" + subresource);
}

bool is_of_lease(const Json& call) {
  return call["objectRef"].value("resource", "") == "leases";
}
bool is_read(const Json& call) {
  return !is_of_lease(call) && (call["verb"] == "get" || call["verb"] == "list");
}

std::string counted(const std::vector<Json>& calls) {
  std::map<std::string, int> counts;
  for (const Json& call : calls) ++counts[describe(call)];
  std::ostringstream text;
  for (const auto& [what, count] : counts) text << "\n  " << count << " x " << what;
  return text.str();
}

// Waits until the control plane has cleaned up after earlier tests and Curfew has followed.
void await_quiet(const Scene& scene) {
  const auto others = [&] {
    const Json all = scene.admin.get({"accessrequests", "-A"});
    return std::ranges::count_if(all["items"], [&](const Json& request) {
      return request["metadata"]["namespace"] != scene.space.name();
    });
  };
  REQUIRE(eventually(seconds(60), [&] { return others() == 0; }));
  sleep_until(now() + seconds(3));
}

}  // namespace

TEST_CASE("an idle controller reads nothing but its lease", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const Request live(scene, scene.space.policy(one_of_sre()), "duration: 10m");
  live.approve(scene.bob);
  live.await("Active");
  await_quiet(scene);

  const auto since = now();
  sleep_until(since + seconds(10));
  const auto calls = calls_of_curfew(scene.cluster, since);
  INFO("in ten seconds:" << counted(calls));
  CHECK(std::ranges::none_of(calls, is_read));
  CHECK(std::ranges::all_of(calls,
                            [](const Json& call) { return is_of_lease(call) || call["verb"] == "watch"; }));
  CHECK(std::ranges::count_if(calls, is_of_lease) <= 12);
  controller.stop();
}

TEST_CASE("a whole life of a request takes writes only, and few of them", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(one_of_sre());
  await_quiet(scene);

  const auto since = now();
  const Request request(scene, policy, "duration: 2s");
  request.await("Pending");
  request.approve(scene.bob);
  request.await("Active");
  request.await("Expired", seconds(5));
  sleep_until(now() + seconds(2));
  auto calls = calls_of_curfew(scene.cluster, since);
  std::erase_if(calls, [](const Json& call) { return is_of_lease(call) || call["verb"] == "watch"; });
  WARN(calls.size() << " calls for one request, from asked to expired:" << counted(calls));
  CHECK(std::ranges::none_of(calls, is_read));
  CHECK(calls.size() <= 20);
  CHECK(std::ranges::all_of(calls,
                            [](const Json& call) { return call["responseStatus"].value("code", 0) < 400; }));
  CHECK_THAT(controller.get("/metrics").body,
             ContainsSubstring("curfew_grant_latency_seconds_count 1\n") &&
                 ContainsSubstring("curfew_revocation_lateness_seconds_count 1\n") &&
                 ContainsSubstring("curfew_bindings_past_end 0\n") &&
                 ContainsSubstring("curfew_events_dropped_total 0\n") &&
                 !ContainsSubstring("curfew_clock_offset_seconds 0\n"));
  controller.stop();
}

TEST_CASE("the controller says how it is on three pages", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  CHECK(controller.get("/healthz").status == 200);
  CHECK(eventually(seconds(3), [&] { return controller.get("/readyz").status == 200; }));
  const Page metrics = controller.get("/metrics");
  CHECK(metrics.status == 200);
  CHECK_THAT(metrics.body, ContainsSubstring("curfew_leader 1") &&
                               ContainsSubstring("curfew_guard_in_force 1") &&
                               ContainsSubstring("curfew_revocation_lateness_seconds_count") &&
                               ContainsSubstring("curfew_worker_panics_total 0"));
  CHECK(controller.get("/nothing").status == 404);
  controller.stop();
}
