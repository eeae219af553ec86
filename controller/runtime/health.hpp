#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "util/guarded.hpp"

namespace curfew::runtime {

// Named checks behind /healthz and /readyz. Thread-safe.
class Health {
 public:
  // nullopt if healthy, otherwise a sentence that states the problem. Runs on the server's thread: must be
  // quick and must not block.
  using Check = std::function<std::optional<std::string>()>;

  struct Report {
    bool ok = true;
    std::string text;  // a line for each check, in the order of addition, and a summary line

    int status_code() const { return ok ? 200 : 503; }
  };

  // A failure restarts the process: check for deadlocks, never for the cluster's state.
  void add_live_check(std::string name, Check check);
  void add_ready_check(std::string name, Check check);

  Report live() const;
  Report ready() const;

 private:
  using Checks = std::vector<std::pair<std::string, Check>>;

  Guarded<Checks> live_;
  Guarded<Checks> ready_;
};

}  // namespace curfew::runtime
