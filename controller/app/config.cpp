#include "app/config.hpp"

#include <CLI/CLI.hpp>

#include "app/version.hpp"
#include "http/server.hpp"
#include "util/duration.hpp"

namespace curfew::app {
namespace {

struct Flags {
  std::string log_level = "info";
  std::string completed_request_ttl = "168h";
};

void add_flags(CLI::App& cli, Config& config, Flags& flags) {
  cli.add_option("--kubeconfig", config.kubeconfig, "How to reach the API server; without it, the Pod's own ServiceAccount")->envname("CURFEW_KUBECONFIG");
  cli.add_option("--namespace", config.name_space, "Curfew's own namespace: of its Lease and of the guard's ledger")
      ->envname("CURFEW_NAMESPACE")
      ->capture_default_str();
  cli.add_option("--metrics-address", config.metrics_address, "HOST:PORT of /metrics, /healthz and /readyz; port 0 is any free one, and is logged")
      ->envname("CURFEW_METRICS_ADDRESS")
      ->capture_default_str();
  cli.add_flag("--leader-elect,!--no-leader-elect", config.leader_elect, "Grant only while holding the Lease; off only where one replica runs (default: on)")
      ->envname("CURFEW_LEADER_ELECT");
  cli.add_option("--workers", config.workers, "Requests that are worked on at the same time")
      ->envname("CURFEW_WORKERS")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  cli.add_option("--completed-request-ttl", flags.completed_request_ttl, "How long completed requests are kept, as in 168h, 30m or 10s; audit records stay")
      ->envname("CURFEW_COMPLETED_REQUEST_TTL")
      ->capture_default_str();
  cli.add_option("--pending-per-requester", config.flood_limits.pending, "Requests of one person that may wait at the same time; more are Rejected; 0: any number")
      ->envname("CURFEW_PENDING_PER_REQUESTER")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  cli.add_option("--requester-qps", config.flood_limits.qps, "Requests of one person a second in the long run; more are Rejected; 0: any number")
      ->envname("CURFEW_REQUESTER_QPS")
      ->check(CLI::Range(0.0, 1'000.0))
      ->capture_default_str();
  cli.add_option("--requester-burst", config.flood_limits.burst, "Requests of one person at once, after a quiet time")
      ->envname("CURFEW_REQUESTER_BURST")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  cli.add_option("--log-level", flags.log_level, "One of " + std::string(log::level_names()))->envname("CURFEW_LOG_LEVEL")->capture_default_str();
}

void interpret(const Flags& flags, Config& config) {
  if (!log::parse_level(flags.log_level, config.log_level)) {
    throw ConfigError("--log-level " + flags.log_level + " is none of " + std::string(log::level_names()));
  }
  const auto ttl = parse_duration(flags.completed_request_ttl);
  if (!ttl) throw ConfigError("--completed-request-ttl " + flags.completed_request_ttl + " is not a duration from 1s to 8760h, as in 168h, 30m or 10s");
  config.completed_request_ttl = *ttl;
  try {
    http::parse_host_port(config.metrics_address);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(std::string("--metrics-address: ") + error.what());
  }
}

}  // namespace

ParsedConfig parse_command_line(int argc, const char* const* argv) {
  ParsedConfig parsed;
  Flags flags;
  CLI::App cli("Curfew gives people Kubernetes permissions that end on time.", "curfew");
  cli.set_version_flag("--version", std::string("curfew ") + kVersion);
  add_flags(cli, parsed.config, flags);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& success) {
    parsed.exit_code = cli.exit(success);
    return parsed;
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what());
  }
  interpret(flags, parsed.config);
  return parsed;
}

}  // namespace curfew::app
