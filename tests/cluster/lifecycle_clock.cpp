#include <filesystem>
#include <fstream>

#include "controller.hpp"
#include "lifecycle.hpp"

// The real program on a machine whose wall clock is wrong or is set while it runs: access begins and ends by
// the API server's clock.
using namespace curfew::test;

namespace {

// To a machine whose clock is behind, a new certificate is not valid yet. So the clock is behind by seconds,
// not minutes, and the tests wait until the certificate is older than that.
void wait_until_certificates_are_older_than(const Cluster& cluster, std::chrono::seconds age) {
  const auto made = std::filesystem::last_write_time(cluster.state() / "pki" / "apiserver.crt");
  eventually(age, [&] { return std::filesystem::file_time_type::clock::now() - made > age; });
}

// A controller under libfaketime: its wall clock, and nothing else, differs by `offset` ("-300", "+3600",
// seconds) from the other processes' clocks.
class ShiftedController {
 public:
  ShiftedController(const Cluster& cluster, const std::string& offset)
      : file_(cluster.state() / "test" / unique("faketime")) {
    set(offset);
    controller_.emplace(cluster, std::vector<std::string>{},
                        std::map<std::string, std::string>{{"LD_PRELOAD", CURFEW_CLOCK_PRELOAD},
                                                           {"FAKETIME_TIMESTAMP_FILE", file_.string()},
                                                           {"FAKETIME_NO_CACHE", "1"},
                                                           {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}});
    controller_->start_leading();
  }
  void set(const std::string& offset) const { std::ofstream(file_, std::ios::trunc) << offset << "\n"; }
  Controller& controller() { return *controller_; }

 private:
  std::filesystem::path file_;
  std::optional<Controller> controller_;
};

void check_ends_on_time(const Scene& scene, const Request& request, std::chrono::seconds duration) {
  const auto expires_at = request.time("expiresAt");
  const auto off = expires_at - (now() + duration);
  INFO("expiresAt is " << std::chrono::duration_cast<milliseconds>(off).count()
                       << " ms away from where it should be");
  CHECK(std::chrono::abs(off) < seconds(4));
  CHECK(scene.can_list_pods(scene.alice));
  sleep_until(expires_at + milliseconds(50));
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  request.await("Expired");
}

}  // namespace

TEST_CASE("a controller whose clock is off grants and ends by the API server's", "[replica]") {
  for (const char* offset : {"-20", "+300"}) {
    const Scene scene;
    wait_until_certificates_are_older_than(scene.cluster, seconds(25));
    ShiftedController shifted(scene.cluster, offset);
    INFO("offset " << offset << " s");
    CHECK(eventually(seconds(5), [&] {
      return shifted.controller().has_said(
          "clock skew: using the API server's time, check NTP on both hosts");
    }));
    const Request request(scene, scene.space.policy(automatic()), "duration: 8s");
    request.await("Active");
    check_ends_on_time(scene, request, seconds(8));
    shifted.controller().stop();
  }
}

TEST_CASE("a wall clock that is set while access is active changes nothing", "[replica]") {
  for (const char* step : {"+3600", "-20"}) {
    const Scene scene;
    wait_until_certificates_are_older_than(scene.cluster, seconds(25));
    ShiftedController shifted(scene.cluster, "+0");
    INFO("step " << step << " s");
    const Request request(scene, scene.space.policy(automatic()), "duration: 10s");
    request.await("Active");
    shifted.set(step);
    sleep_until(now() + milliseconds(1500));
    CHECK(request.text("phase") == "Active");
    check_ends_on_time(scene, request, seconds(8));
    shifted.controller().stop();
  }
}
