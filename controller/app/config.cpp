#include "app/config.hpp"

#include <CLI/CLI.hpp>

#include "app/version.hpp"
#include "http/server.hpp"
#include "util/duration.hpp"

namespace curfew::app {
namespace {

struct Flags {
  std::string log_level = "info";
  std::string lease_duration = "15s";
  std::string renew_deadline = "10s";
  std::string retry_period = "2s";
  std::string resync_interval = "6h";
  std::string completed_request_ttl = "168h";
  std::string expiry_warning = "10m";
  std::string end_all_timeout = "5m";
  std::string end_all_vacancy = "1m";
};

struct LimitFlags {
  const char* flag;      // --pending-per-FLAG, --FLAG-qps, --FLAG-burst
  const char* variable;  // CURFEW_PENDING_PER_VARIABLE, CURFEW_VARIABLE_QPS, CURFEW_VARIABLE_BURST
  const char* what;      // which requests are counted
};

void add_pending(CLI::App& cli, const LimitFlags& flags, int& pending) {
  cli.add_option(std::string("--pending-per-") + flags.flag, pending,
                 std::string("Requests ") + flags.what +
                     " that may wait at the same time; more are Rejected; 0: any number")
      ->envname(std::string("CURFEW_PENDING_PER_") + flags.variable)
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
}

void add_rate(CLI::App& cli, const LimitFlags& flags, limits::RequestRateLimits::Limit& limit) {
  const std::string flag = flags.flag;
  const std::string variable = flags.variable;
  const std::string what = flags.what;
  cli.add_option("--" + flag + "-qps", limit.qps,
                 "Requests " + what + " a second in the long run; more are Rejected; 0: any number")
      ->envname("CURFEW_" + variable + "_QPS")
      ->check(CLI::Range(0.0, 1'000.0))
      ->capture_default_str();
  cli.add_option("--" + flag + "-burst", limit.burst, "Requests " + what + " at once, after a quiet time")
      ->envname("CURFEW_" + variable + "_BURST")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

void add_flags(CLI::App& cli, Config& config, Flags& flags) {
  cli.add_option("--kubeconfig", config.kubeconfig,
                 "How to reach the API server; without it, the Pod's own ServiceAccount")
      ->envname("CURFEW_KUBECONFIG");
  cli.add_option("--namespace", config.ns, "Curfew's own namespace: of its Lease and of the guard's ledger")
      ->envname("CURFEW_NAMESPACE")
      ->capture_default_str();
  cli.add_option("--metrics-address", config.metrics_address,
                 "HOST:PORT of /metrics, /healthz and /readyz; port 0 is any free one, and is logged")
      ->envname("CURFEW_METRICS_ADDRESS")
      ->capture_default_str();
  cli.add_flag("--leader-elect,!--no-leader-elect", config.leader_elect,
               "Grant only while holding the Lease; off only where one replica runs (default: on)")
      ->envname("CURFEW_LEADER_ELECT");
  cli.add_option("--leader-elect-lease-duration", flags.lease_duration,
                 "How long the others wait after the last renewal that they saw")
      ->envname("CURFEW_LEADER_ELECT_LEASE_DURATION")
      ->capture_default_str();
  cli.add_option("--leader-elect-renew-deadline", flags.renew_deadline,
                 "How long a leader that cannot renew goes on granting; less than the lease's duration")
      ->envname("CURFEW_LEADER_ELECT_RENEW_DEADLINE")
      ->capture_default_str();
  cli.add_option("--leader-elect-retry-period", flags.retry_period,
                 "How often the lease is renewed, or tried for")
      ->envname("CURFEW_LEADER_ELECT_RETRY_PERIOD")
      ->capture_default_str();
  cli.add_option("--workers", config.workers, "Requests that are worked on at the same time")
      ->envname("CURFEW_WORKERS")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  cli.add_option(
         "--max-in-flight", config.max_in_flight,
         "Calls to the API server at the same time; watches, the Lease and endings of access come on top")
      ->envname("CURFEW_MAX_IN_FLIGHT")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  cli.add_option(
         "--resync-interval", flags.resync_interval,
         "How often the leader reconciles every object again, though none has changed, as in 6h or 30m")
      ->envname("CURFEW_RESYNC_INTERVAL")
      ->capture_default_str();
  cli.add_option("--completed-request-ttl", flags.completed_request_ttl,
                 "How long completed requests are kept, as in 168h, 30m or 10s; audit records stay")
      ->envname("CURFEW_COMPLETED_REQUEST_TTL")
      ->capture_default_str();
  cli.add_option(
         "--expiry-warning", flags.expiry_warning,
         "How long before its end an Event says so of access that may be extended, as in 10m; 0: never")
      ->envname("CURFEW_EXPIRY_WARNING")
      ->capture_default_str();
  constexpr LimitFlags kRequester{.flag = "requester", .variable = "REQUESTER", .what = "of one person"};
  constexpr LimitFlags kNamespace{
      .flag = "namespace", .variable = "NAMESPACE", .what = "in one namespace, of all people together,"};
  constexpr LimitFlags kCluster{.flag = "cluster", .variable = "CLUSTER", .what = "in the whole cluster"};
  add_pending(cli, kRequester, config.flood_limits.requester.pending);
  add_rate(cli, kRequester, config.flood_limits.requester);
  add_pending(cli, kNamespace, config.flood_limits.ns.pending);
  add_rate(cli, kNamespace, config.flood_limits.ns);
  add_rate(cli, kCluster, config.flood_limits.cluster);
  cli.add_flag(
         "--eligibility-policy,!--no-eligibility-policy", config.eligibility_policy,
         "Demand that admission policies curfew-eligibility, curfew-extensions and curfew-cluster-extensions are in force too, which refuse early what no AccessPolicy allows (default: on)")
      ->envname("CURFEW_ELIGIBILITY_POLICY");
  cli.add_option("--log-level", flags.log_level, "One of " + std::string(log::level_names()))
      ->envname("CURFEW_LOG_LEVEL")
      ->capture_default_str();
}

CLI::App* add_end_all(CLI::App& cli, Flags& flags) {
  CLI::App* command = cli.add_subcommand(
      "end-all",
      "Ends all access that Curfew has given, with its records, and then exits: the last thing before Curfew is removed. Requests that "
      "wait stay as they are. Takes the Lease from whoever holds it");
  command->fallthrough();
  command->add_option("--timeout", flags.end_all_timeout, "How long to try")
      ->envname("CURFEW_END_ALL_TIMEOUT")
      ->capture_default_str();
  command
      ->add_option("--vacancy", flags.end_all_vacancy,
                   "For how long after it nobody grants anything: the time in which Curfew is to be removed")
      ->envname("CURFEW_END_ALL_VACANCY")
      ->capture_default_str();
  return command;
}

std::chrono::seconds duration_of(const char* flag, const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration)
    throw ConfigError(std::string(flag) + " " + text +
                      " is not a duration from 1s to 8760h, as in 168h, 30m or 10s");
  return *duration;
}

// client-go's rules: a leader must have stopped before another can start, and must have had time to try to
// renew.
void interpret_election(const Flags& flags, runtime::ElectionTimes& times) {
  times.lease = duration_of("--leader-elect-lease-duration", flags.lease_duration);
  times.renew_deadline = duration_of("--leader-elect-renew-deadline", flags.renew_deadline);
  times.retry = duration_of("--leader-elect-retry-period", flags.retry_period);
  if (times.lease <= times.renew_deadline) {
    throw ConfigError("--leader-elect-lease-duration " + flags.lease_duration +
                      " must be longer than --leader-elect-renew-deadline " + flags.renew_deadline);
  }
  if (times.renew_deadline <= times.retry * runtime::kElectionJitter) {
    throw ConfigError("--leader-elect-renew-deadline " + flags.renew_deadline +
                      " must be longer than 1.2 times --leader-elect-retry-period " + flags.retry_period);
  }
}

void interpret(const Flags& flags, Config& config) {
  if (!log::parse_level(flags.log_level, config.log_level)) {
    throw ConfigError("--log-level " + flags.log_level + " is none of " + std::string(log::level_names()));
  }
  config.resync_interval = duration_of("--resync-interval", flags.resync_interval);
  config.completed_request_ttl = duration_of("--completed-request-ttl", flags.completed_request_ttl);
  config.expiry_warning = flags.expiry_warning == "0" ? std::chrono::seconds(0)
                                                      : duration_of("--expiry-warning", flags.expiry_warning);
  interpret_election(flags, config.election);
  try {
    http::parse_host_port(config.metrics_address);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(std::string("--metrics-address: ") + error.what());
  }
}

// Runs beside the replica that serves metrics, perhaps in its Pod, so it takes any free port; needs the
// Lease.
void interpret_end_all(const Flags& flags, Config& config) {
  config.end_all = EndAll{.timeout = duration_of("--timeout", flags.end_all_timeout),
                          .vacancy = duration_of("--vacancy", flags.end_all_vacancy)};
  config.metrics_address = "127.0.0.1:0";
  if (!config.leader_elect) throw ConfigError("end-all needs the Lease: leave out --no-leader-elect");
}

}  // namespace

ParsedConfig parse_command_line(int argc, const char* const* argv) {
  ParsedConfig parsed;
  Flags flags;
  CLI::App cli("Curfew gives people Kubernetes permissions that end on time.", "curfew");
  cli.set_version_flag("--version", std::string("curfew ") + kVersion);
  add_flags(cli, parsed.config, flags);
  const CLI::App* end_all = add_end_all(cli, flags);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& success) {
    parsed.exit_code = cli.exit(success);
    return parsed;
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what());
  }
  interpret(flags, parsed.config);
  if (end_all->parsed()) interpret_end_all(flags, parsed.config);
  return parsed;
}

}  // namespace curfew::app
