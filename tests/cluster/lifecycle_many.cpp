#include <algorithm>
#include <set>

#include "controller.hpp"
#include "many.hpp"

// Many grants that end at the same moment.
using namespace curfew::test;

namespace {

struct Deletion {
  milliseconds received;  // after the end; negative if before it
  milliseconds answered;
};

// The deletions that removed the bindings of that namespace.
std::vector<Deletion> deletions(const Scene& scene, curfew::TimePoint expires_at) {
  std::vector<Deletion> found;
  for (const Json& call : calls_of_curfew(scene.cluster, expires_at - seconds(60), scene.space.name())) {
    if (call["verb"] != "delete" || call["objectRef"].value("resource", "") != "rolebindings" ||
        call["responseStatus"].value("code", 0) != 200)
      continue;
    const auto after = [&](const char* field) {
      return std::chrono::floor<milliseconds>(time_of(call[field]) - expires_at);
    };
    found.push_back({after("requestReceivedTimestamp"), after("stageTimestamp")});
  }
  return found;
}

// Polls seldom, because kubectl costs the machine more than Curfew does.
bool await_bindings(const Scene& scene, int count, curfew::TimePoint until) {
  while (now() < until) {
    if (scene.managed_bindings() == count) return true;
    sleep_until(now() + seconds(1));
  }
  return false;
}

// `count` grants that begin together after `lead`, which is enough to send the requests, and end together
// after `duration`.
void grant_and_end(int count, seconds lead, seconds duration) {
  const Scene scene;
  Controller controller(
      scene.cluster, {"--pending-per-requester", "0", "--requester-qps", "0", "--pending-per-namespace", "0",
                      "--namespace-qps", "0", "--cluster-qps", "0"});
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic());
  const auto start = std::chrono::ceil<seconds>(now()) + lead;
  const auto expires_at = start + duration;
  const Json spec{{"policy", policy},
                  {"duration", std::to_string(duration.count()) + "s"},
                  {"startTime", curfew::format_rfc3339(start)}};
  REQUIRE_THAT(send_many(scene, scene.alice, spec, count).get(), Succeeds());
  WARN("asked " << count << " times, " << std::chrono::floor<milliseconds>(start - now()).count()
                << " ms before the start");
  sleep_until(start + seconds(3));
  const bool all_granted = await_bindings(scene, count, expires_at - seconds(4));
  WARN("all granted " << std::chrono::floor<milliseconds>(now() - start).count() << " ms after it");
  REQUIRE(all_granted);  // otherwise the machine is too slow for this test

  sleep_until(expires_at + milliseconds(500));
  CHECK(await_bindings(scene, 0, now() + seconds(10)));
  const auto all = deletions(scene, expires_at);
  REQUIRE(all.size() == static_cast<std::size_t>(count));
  const auto [first, last] = std::ranges::minmax(all, {}, &Deletion::answered);
  const auto slowest =
      std::ranges::max(all, {}, [](const Deletion& each) { return each.answered - each.received; });
  WARN("deleted from " << first.answered.count() << " ms to " << last.answered.count()
                       << " ms after their end; the last was asked for at "
                       << std::ranges::max(all, {}, &Deletion::received).received.count()
                       << " ms; the slowest answer took " << (slowest.answered - slowest.received).count()
                       << " ms");
  CHECK(first.answered >= seconds(-3));
  // All of them were sent in time. How long the API server then takes is not Curfew's doing; on a machine
  // that runs everything, that is little.
  CHECK(std::ranges::all_of(all, [](const Deletion& each) { return each.received < milliseconds(0); }));
  CHECK(last.answered <= milliseconds(100));
  CHECK(controller.stop() == 0);
}

}  // namespace

TEST_CASE("a hundred grants with one end are all gone by then, and none is cut short", "[replica][serial]") {
  grant_and_end(100, seconds(5), seconds(15));
}

TEST_CASE("five hundred grants with one end are all gone by then, and none is cut short",
          "[replica][serial][deep]") {
  grant_and_end(500, seconds(15), seconds(45));
}
