#include "processes.hpp"

#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>

namespace curfew::bench {
namespace {

nlohmann::json control_plane(const std::filesystem::path& state) {
  std::ifstream file(state / "controlplane.json");
  if (!file) throw std::runtime_error("there is no control plane in " + state.string());
  return nlohmann::json::parse(file);
}

}  // namespace

double cpu_seconds_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (text.empty()) throw std::runtime_error("there is no process " + std::to_string(pid));
  std::istringstream fields(text.substr(text.rfind(')') + 1));  // the name may have spaces
  std::string skipped;
  constexpr int kBeforeTimes = 11;
  for (int i = 0; i < kBeforeTimes; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double rss_mib_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  throw std::runtime_error("there is no process " + std::to_string(pid));
}

pid_t api_server_of(const std::filesystem::path& state) {
  return control_plane(state).at("processes").at("kube-apiserver").at(0).get<pid_t>();
}

int etcd_port_of(const std::filesystem::path& state) {
  return control_plane(state).at("ports").at("etcd").get<int>();
}

}  // namespace curfew::bench
