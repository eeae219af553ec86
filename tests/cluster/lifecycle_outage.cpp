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

// The end of its grant, as recorded; waits for the grant.
curfew::TimePoint end_of(const Request& request) {
  return time_of(request.await_record("Granted", seconds(15))["expiresAt"]);
}

// A granted request whose end is two seconds away at least, however slow the machine is.
Request active_for_a_while(const Scene& scene, const std::string& policy) {
  for (int duration = 4;; duration *= 2) {
    const std::string text = std::to_string(duration) + "s";
    Request request(scene, policy, "duration: " + text, std::nullopt, "ending-after-" + text);
    if (now() < end_of(request) - seconds(2)) return request;
    REQUIRE(duration < 60);
  }
}

}  // namespace

TEST_CASE(
    "while etcd stands still nothing ends and nothing is granted, and both follow within a second of its return",
    "[replica][disruptive]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic());
  const auto since = now();
  // How soon access begins is no claim of this test.
  const Request running(scene, policy, "duration: 30m", std::nullopt, "running");
  running.await("Active", seconds(15));
  const Request ending = active_for_a_while(scene, policy);
  const auto expires_at = end_of(ending);
  curfew::TimePoint back{};
  {
    sleep_until(expires_at - milliseconds(1400));
    const Standstill etcd(component(scene.cluster, "etcd"));
    REQUIRE(now() < expires_at - seconds(1));  // otherwise it may have ended before: the machine is too slow
    sleep_until(now() + seconds(3));
    back = now();
  }
  ending.await_no_binding(seconds(5));
  const auto late = std::chrono::floor<milliseconds>(deleted_at(scene, ending, since) - back);
  WARN("ended " << late.count() << " ms after etcd was back");
  CHECK(late >= milliseconds(0));  // otherwise it ended before etcd stood still
  CHECK(late <= seconds(1));
  const Request after(scene, policy, "duration: 30m", std::nullopt, "after");
  after.await("Active", seconds(5));
  ending.await("Expired", seconds(10));
  CHECK(running.text("phase") == "Active");
  CHECK(controller.times_said("API server unreachable, retrying") <= 1);
  CHECK(ending.recorded() == std::vector<std::string>{"Requested", "Granted", "Expired"});
  CHECK(controller.stop() == 0);
}
