#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/printable.hpp"
#include "client/session.hpp"

namespace curfew::cli {

// Looks after the access of a command that runs: warns some time before it ends and when it has ended. With
// an extension, asks for more instead of the first warning, and again before the end of that.
class KeptAccess {
 public:
  struct Parts {
    const client::Session& session;
    api::AccessRequest granted;  // Active
    std::string extension;       // for how long to extend each time; empty: not at all
    std::function<void(const Printable&)> say;
  };

  explicit KeptAccess(Parts parts);

  // The command has ended. Returns the extensions that were asked for, the latest first.
  std::vector<api::AccessRequest> stop();

 private:
  void look_after(const std::stop_token& stop);
  bool extend(const std::stop_token& stop);
  // Returns false if the command has ended before, or the access, which it says.
  bool wait_until(const std::stop_token& stop, TimePoint time);
  // Returns false if the command has ended before.
  bool wait(const std::stop_token& stop, TimePoint::duration time);

  const Parts parts_;
  api::AccessRequest current_;                  // whose end is that of the access
  std::vector<api::AccessRequest> extensions_;  // only the thread's until it has ended
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace curfew::cli
