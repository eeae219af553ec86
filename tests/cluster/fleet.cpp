#include "fleet.hpp"

#include <fstream>

namespace curfew::test {

std::vector<std::string> Fleet::lease_flags() {
  return {"--leader-elect-lease-duration", "3s", "--leader-elect-renew-deadline", "2s",
          "--leader-elect-retry-period",   "1s"};
}

Fleet::~Fleet() {
  for (const Replica& replica : replicas_) {
    if (replica.controller && replica.controller->runs()) replica.controller->stop();
  }
}

void Fleet::start(std::size_t replica, std::vector<std::string> flags,
                  const std::filesystem::path& kubeconfig) {
  flags.insert(flags.end(),
               {"--pending-per-requester", "0", "--requester-qps", "0", "--pending-per-namespace", "0",
                "--namespace-qps", "0", "--cluster-qps", "0"});  // a storm is many requests by few people
  Replica& started = replicas_.at(replica);
  if (!started.down_since) started.down_since = now();
  started.controller =
      std::make_unique<Controller>(cluster_, flags, std::map<std::string, std::string>{}, kubeconfig);
  started.controller->start();
}

void Fleet::kill(std::size_t replica) {
  Replica& killed = replicas_.at(replica);
  check_well(killed);
  if (!killed.down_since) killed.down_since = now();
  killed.controller->kill();
}

void Fleet::terminate(std::size_t replica) {
  Replica& ended = replicas_.at(replica);
  check_well(ended);
  if (!ended.down_since) ended.down_since = now();
  CHECK(ended.controller->stop() == 0);
}

void Fleet::look() {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    Replica& replica = replicas_[i];
    check_well(replica);
    if (!replica.down_since || replica.controller->get("/readyz").status != 200) continue;
    outages_.add(i, {*replica.down_since, now()});
    replica.down_since.reset();
  }
}

void Fleet::await_ready(milliseconds patience) {
  const bool ready = eventually(patience, [&] {
    look();
    return std::ranges::all_of(replicas_, [](const Replica& replica) { return !replica.down_since; });
  });
  REQUIRE(ready);
}

std::optional<std::size_t> Fleet::leader() const {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    if (replicas_[i].controller->get("/metrics").body.find("\ncurfew_leader 1") != std::string::npos)
      return i;
  }
  return std::nullopt;
}

void Fleet::check_well(const Replica& replica) const {
  INFO("its log: " << replica.controller->log_file());
  REQUIRE(replica.controller->runs());
}

Holdings holdings_of(pid_t pid) {
  const std::filesystem::path process = "/proc/" + std::to_string(pid);
  Holdings found;
  std::ifstream status(process / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) found.rss_kib = std::stol(line.substr(6));
    if (line.starts_with("Threads:")) found.threads = std::stol(line.substr(8));
  }
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(process / "fd"))
    ++found.descriptors;
  return found;
}

}  // namespace curfew::test
