#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "util/result.hpp"

// A person's own command, run while there is access.
namespace curfew::client {

// While it exists, SIGINT, SIGTERM, SIGHUP and SIGQUIT do not end this process, unless they were ignored
// before, which they stay. The first one is remembered; one that was not sent by the terminal, which sends it
// to the command itself, is passed on to the command that run_command() runs. One at a time in a process.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();  // restores what was there before
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  std::optional<int> caught() const;
};

// Whether there is such a program: nullopt, or the exit code of a shell, 127 (not found) or 126 (not
// executable).
std::optional<int> why_not_runnable(const std::string& program);

// Runs the command with this process's environment and standard streams, to its end. The exit code as a shell
// gives it: 128 + N for one that signal N ended, 126 or 127 for one that could not be started. `command` must
// not be empty.
int run_command(const std::vector<std::string>& command);

// How long before its end the person is warned of access that lasts for `span`.
std::chrono::seconds warning_lead(std::chrono::seconds span);

}  // namespace curfew::client
