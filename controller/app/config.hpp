#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "limits/request_rate_limiter.hpp"
#include "runtime/leader_elector.hpp"
#include "util/log.hpp"

namespace curfew::app {

// A start-up configuration that cannot work: one sentence for its author. main() prints it and exits with
// code 2.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "curfew end-all": ends all access that Curfew has given, so that Curfew can be removed.
struct EndAll {
  std::chrono::seconds timeout{300};
  std::chrono::seconds vacancy{60};  // how long afterwards no replica can grant
};

struct Config {
  std::string kubeconfig;            // empty: the Pod's own ServiceAccount
  std::string ns = "curfew-system";  // of the Lease and the guard's ledger
  std::string metrics_address = "127.0.0.1:0";
  bool leader_elect = true;
  runtime::ElectionTimes election;
  int workers = 8;
  int max_in_flight = 32;
  log::Level log_level = log::Level::Info;
  std::chrono::seconds resync_interval = std::chrono::hours(6);  // Leadership::Parts
  std::chrono::seconds completed_request_ttl = std::chrono::hours(24 * 7);
  std::chrono::seconds expiry_warning = std::chrono::minutes(10);  // core::Settings; 0: none
  limits::RequestRateLimits flood_limits;
  bool eligibility_policy = true;  // whether the guard includes what guard::is_optional() names
  std::optional<EndAll> end_all;
};

struct ParsedConfig {
  Config config;
  // 0 or more: nothing to run (--help, --version: the output has been printed).
  int exit_code = -1;
};

// Parses the flags, each of which also has an environment variable. Throws ConfigError for an invalid value.
ParsedConfig parse_command_line(int argc, const char* const* argv);

}  // namespace curfew::app
