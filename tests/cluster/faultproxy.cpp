#include "faultproxy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "lifecycle.hpp"

namespace curfew::test {

FaultProxy::FaultProxy(const Cluster& cluster) : folder_(cluster.state() / "test" / unique("faultproxy")) {
  const ProcessResult view =
      run({cluster.kubectl().string(), "--kubeconfig", cluster.curfew().kubeconfig().string(), "config",
           "view", "--raw", "-o", "json"});
  REQUIRE_THAT(view, Succeeds());
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "real.json") << view.out;
  const std::vector<std::string> command{CURFEW_SOURCE_DIR "/tests/cluster/faultproxy", "--state",
                                         folder_.string(), "--kubeconfig", (folder_ / "real.json").string()};
  child_.emplace(command, folder_ / "errors.log");
  INFO("faultproxy: " << child_->log());
  REQUIRE(eventually(seconds(10), [&] { return std::filesystem::exists(kubeconfig()); }));
}

void FaultProxy::set(const Json& control) const {
  std::ofstream(folder_ / "control.new") << control;
  std::filesystem::rename(folder_ / "control.new", folder_ / "control");
  sleep_until(now() + milliseconds(40));  // the proxy polls every 20 ms
}

int FaultProxy::requests_since(TimePoint time) const {
  std::ifstream log(folder_ / "log");
  int count = 0;
  for (std::string line; std::getline(log, line);) {
    const std::chrono::duration<double> came(Json::parse(line)["time"].get<double>());
    if (came >= time.time_since_epoch()) ++count;
  }
  return count;
}

}  // namespace curfew::test
