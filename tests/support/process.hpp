#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace curfew::test {

struct ProcessOptions {
  std::string input;                               // all of standard input; closed afterwards
  std::map<std::string, std::string> environment;  // set on top of this process's own
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

struct ProcessResult {
  int exit_code = -1;      // 128 + signal if a signal ended it, as in a shell
  bool timed_out = false;  // if so, it was killed, with everything that it started
  std::string out;
  std::string err;

  bool ok() const { return exit_code == 0 && !timed_out; }
  std::string all() const { return out + err; }
};

// Runs a program to its end. argv[0] is looked up in PATH. Throws std::system_error if the program cannot be
// started.
ProcessResult run(const std::vector<std::string>& argv, const ProcessOptions& options = {});

// A program that runs beside the test, such as a controller. The destructor kills it and its children.
class Child {
 public:
  // Standard output and error are appended to the log.
  Child(const std::vector<std::string>& argv, const std::filesystem::path& log,
        const std::map<std::string, std::string>& environment = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  std::string log() const;
  void signal(int number) const;
  // The exit code as in ProcessResult; nullopt if it still runs after `timeout`.
  std::optional<int> wait(std::chrono::milliseconds timeout);

 private:
  std::filesystem::path log_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace curfew::test
