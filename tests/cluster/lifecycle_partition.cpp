#include <algorithm>

#include "controller.hpp"
#include "faultproxy.hpp"
#include "lifecycle.hpp"

// Two replicas, one of which loses the API server.
using namespace curfew::test;

namespace {

// When the controller first logged that message after `since`.
std::optional<curfew::TimePoint> time_said(const Controller& controller, const std::string& message,
                                           curfew::TimePoint since) {
  for (const Json& line : controller.log()) {
    if (line["msg"] == message && time_of(line["time"]) >= since) return time_of(line["time"]);
  }
  return std::nullopt;
}

milliseconds between(curfew::TimePoint from, curfew::TimePoint to) {
  return std::chrono::floor<milliseconds>(to - from);
}

}  // namespace

TEST_CASE(
    "a leader that loses the API server stops granting before the other replica begins, and access ends on time",
    "[replica]") {
  const Scene scene;
  const FaultProxy proxy(scene.cluster);
  Controller leader(scene.cluster, {}, {}, proxy.kubeconfig());
  Controller other(scene.cluster);
  leader.start_leading();
  other.start();
  REQUIRE(eventually(seconds(5), [&] { return other.get("/readyz").status == 200; }));
  REQUIRE_FALSE(other.leads());
  const std::string policy = scene.space.policy(automatic());
  const Request ending(scene, policy, "duration: 5s", std::nullopt, "ending");
  ending.await("Active");
  const auto expires_at = ending.time("expiresAt");

  proxy.set({{"fault", "half-open"}});  // without any error
  const auto began = now();
  REQUIRE(began < expires_at - milliseconds(500));
  const Request asked(scene, policy, "duration: 30m", std::nullopt, "asked");
  ending.await_no_binding(std::chrono::duration_cast<milliseconds>(expires_at - began) + seconds(10));
  const auto deleted = call_of_curfew(scene.cluster, "delete", ending.binding_name(), began);
  REQUIRE(deleted.has_value());
  CHECK(between(expires_at, *deleted) < milliseconds(2500));

  asked.await("Active", seconds(30));
  const auto granted_after = between(began, now());
  REQUIRE(eventually(seconds(5), [&] { return time_said(leader, "stopped leading", began).has_value(); }));
  const auto stopped = *time_said(leader, "stopped leading", began);
  const auto took_over = time_said(other, "started leading", began);
  REQUIRE(took_over.has_value());
  WARN("ended " << between(expires_at, *deleted).count() << " ms after its end; stopped leading "
                << between(began, stopped).count() << " ms after the loss, the other began "
                << between(began, *took_over).count()
                << " ms after it, and had granted what was asked for after " << granted_after.count()
                << " ms");
  CHECK(stopped < *took_over);
  ending.await("Expired", seconds(10));
  CHECK(ending.recorded() == std::vector<std::string>{"Requested", "Granted", "Expired"});

  // The former leader is back, and is a follower.
  proxy.set({{"fault", "pass"}});
  CHECK(eventually(seconds(15), [&] { return leader.get("/readyz").status == 200; }));
  CHECK(leader.get("/metrics").body.find("curfew_leader 0") != std::string::npos);
  CHECK(other.stop() == 0);
  const Request after(scene, policy, "duration: 30m", std::nullopt, "after");
  after.await("Active", seconds(15));
  CHECK(leader.stop() == 0);
}
