#include <csignal>
#include <fstream>

#include "controller.hpp"
#include "lifecycle.hpp"

// The control plane itself fails while access is active.
using namespace curfew::test;

namespace {

pid_t component(const Cluster& cluster, const std::string& name) {
  std::ifstream file(cluster.state() / "controlplane.json");
  return Json::parse(file)["processes"][name][0].get<pid_t>();
}

// Suspends a process until this goes out of scope.
class Standstill {
 public:
  explicit Standstill(pid_t pid) : pid_(pid) { REQUIRE(::kill(pid_, SIGSTOP) == 0); }
  ~Standstill() { ::kill(pid_, SIGCONT); }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE(
    "while etcd stands still nothing ends and nothing is granted, and both follow within a second of its return",
    "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic());
  const auto since = now();
  const Request ending(scene, policy, "duration: 3s", std::nullopt, "ending");
  const Request running(scene, policy, "duration: 30m", std::nullopt, "running");
  ending.await("Active");
  running.await("Active");
  const auto expires_at = ending.time("expiresAt");
  curfew::TimePoint back{};
  {
    sleep_until(expires_at - milliseconds(1200));
    const Standstill etcd(component(scene.cluster, "etcd"));
    sleep_until(now() + seconds(3));
    back = now();
  }
  ending.await_no_binding(seconds(5));
  const auto late = std::chrono::floor<milliseconds>(deleted_at(scene, ending, since) - back);
  WARN("ended " << late.count() << " ms after etcd was back");
  CHECK(late <= seconds(1));
  const Request after(scene, policy, "duration: 30m", std::nullopt, "after");
  after.await("Active", seconds(5));
  ending.await("Expired", seconds(10));
  CHECK(running.text("phase") == "Active");
  CHECK(controller.times_said("lost contact with the API server; trying again until it is back") <= 1);
  CHECK(ending.recorded() == std::vector<std::string>{"Requested", "Granted", "Expired"});
  CHECK(controller.stop() == 0);
}
