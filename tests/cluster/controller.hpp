#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/cluster.hpp"

namespace curfew::test {

struct Page {
  int status = 0;  // 0: no answer
  std::string body;
};

// A controller process for one test. The destructor kills it if it still runs.
class Controller {
 public:
  // Uses the control plane's kubeconfig for Curfew's ServiceAccount unless another one is given. `flags` are
  // added to the command line, `environment` to this process's own.
  explicit Controller(const Cluster& cluster, std::vector<std::string> flags = {},
                      std::map<std::string, std::string> environment = {},
                      const std::filesystem::path& kubeconfig = {});

  // The program of this build.
  static std::string program();

  // Starts it and waits until it logs that it has started; fails the test if it does not.
  void start();
  // start(), then waits until it leads and is ready to grant.
  void start_leading();
  // SIGTERM; returns the exit code, or nullopt if it still runs after five seconds.
  std::optional<int> stop();
  // SIGKILL; waits until the process has ended.
  void kill();
  void pause() const { child_->signal(19); }   // SIGSTOP
  void resume() const { child_->signal(18); }  // SIGCONT

  bool runs() { return !child_->wait(std::chrono::milliseconds(0)).has_value(); }
  bool leads() const { return has_said("leading"); }
  pid_t pid() const { return child_->pid(); }
  const std::filesystem::path& log_file() const { return log_; }
  // The log since the last start; a line that is not JSON fails the test.
  std::vector<Json> log() const;
  bool has_said(const std::string& message) const;
  int times_said(const std::string& message) const;
  // HOST:PORT, as logged at the start.
  std::string metrics_address() const;
  Page get(const std::string& path) const;

 private:
  std::vector<std::string> command_;
  std::map<std::string, std::string> environment_;
  std::filesystem::path log_;
  std::size_t log_begin_ = 0;  // offset in the log of this start's first line
  std::optional<Child> child_;
};

// One GET, on its own connection.
Page http_get(const std::string& host_and_port, const std::string& path);

}  // namespace curfew::test
