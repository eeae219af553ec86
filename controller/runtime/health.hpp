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
  // nullopt: all is well. Otherwise a sentence that says what is wrong. Called by the server's thread: quick,
  // and without waiting.
  using Check = std::function<std::optional<std::string>()>;

  struct Report {
    bool ok = true;
    std::string text;  // a line for each check, in the order they were added, and one that sums up

    int status_code() const { return ok ? 200 : 503; }
  };

  void add_live_check(std::string name,
                      Check check);  // a failure restarts the process: deadlocks, never the cluster's state
  void add_ready_check(std::string name, Check check);

  Report live() const;
  Report ready() const;

 private:
  using Checks = std::vector<std::pair<std::string, Check>>;

  Guarded<Checks> live_;
  Guarded<Checks> ready_;
};

}  // namespace curfew::runtime
