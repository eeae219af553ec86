#include "app/config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <cstdlib>
#include <vector>

using namespace curfew;
using std::chrono::seconds;

namespace {

app::Config parse(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "curfew");
  return app::parse_command_line(static_cast<int>(flags.size()), flags.data()).config;
}

struct EnvironmentVariable {
  const char* name;
  EnvironmentVariable(const char* n, const char* value) : name(n) { ::setenv(n, value, 1); }
  ~EnvironmentVariable() { ::unsetenv(name); }
};

}  // namespace

TEST_CASE("the lease's times are client-go's unless flags or the environment say otherwise") {
  const auto usual = parse({}).election;
  CHECK(usual.lease == seconds(15));
  CHECK(usual.renew_deadline == seconds(10));
  CHECK(usual.retry == seconds(2));
  const EnvironmentVariable lease("CURFEW_LEADER_ELECT_LEASE_DURATION", "1m");
  const EnvironmentVariable renew("CURFEW_LEADER_ELECT_RENEW_DEADLINE", "40s");
  const EnvironmentVariable retry("CURFEW_LEADER_ELECT_RETRY_PERIOD", "5s");
  const auto other = parse({"--leader-elect-retry-period", "3s"}).election;
  CHECK(other.lease == seconds(60));
  CHECK(other.renew_deadline == seconds(40));
  CHECK(other.retry == seconds(3));
}

TEST_CASE("times of the lease with which two could lead, or none for long, are refused in a sentence") {
  struct Case {
    std::vector<const char*> flags;
    std::string said;
  };
  const auto [flags, said] = GENERATE(values<Case>({
      {{"--leader-elect-lease-duration", "10s"},
       "--leader-elect-lease-duration 10s must be longer than --leader-elect-renew-deadline 10s"},
      {{"--leader-elect-renew-deadline", "20s"},
       "--leader-elect-lease-duration 15s must be longer than --leader-elect-renew-deadline 20s"},
      {{"--leader-elect-retry-period", "9s"},
       "--leader-elect-renew-deadline 10s must be longer than 1.2 times --leader-elect-retry-period 9s"},
      {{"--leader-elect-renew-deadline", "6s", "--leader-elect-retry-period", "5s"},
       "--leader-elect-renew-deadline 6s must be longer than 1.2 times --leader-elect-retry-period 5s"},
      {{"--leader-elect-retry-period", "0s"},
       "--leader-elect-retry-period 0s is not a duration from 1s to 8760h, as in 168h, 30m or 10s"},
      {{"--leader-elect-lease-duration", "500ms"},
       "--leader-elect-lease-duration 500ms is not a duration from 1s to 8760h, as in 168h, 30m or 10s"},
  }));
  DYNAMIC_SECTION(said) {
    CHECK_THROWS_MATCHES(parse(flags), app::ConfigError, Catch::Matchers::Message(said));
  }
}

TEST_CASE("the eligibility policy is part of the guard unless a flag says otherwise") {
  CHECK(parse({"--kubeconfig", "some"}).eligibility_policy);
  CHECK(parse({"--kubeconfig", "some", "--eligibility-policy=true"}).eligibility_policy);
  CHECK_FALSE(parse({"--kubeconfig", "some", "--eligibility-policy=false"}).eligibility_policy);
  CHECK_FALSE(parse({"--kubeconfig", "some", "--no-eligibility-policy"}).eligibility_policy);
}

TEST_CASE("end-all takes the flags of the controller, and serves no metrics where that may do so already") {
  CHECK_FALSE(parse({}).end_all);
  const auto config =
      parse({"end-all", "--kubeconfig", "some", "--metrics-address", "0.0.0.0:8080", "--timeout", "2m"});
  REQUIRE(config.end_all);
  CHECK(config.end_all->timeout == seconds(120));
  CHECK(config.end_all->vacancy == seconds(60));
  CHECK(config.kubeconfig == "some");
  CHECK(config.metrics_address == "127.0.0.1:0");
}

TEST_CASE("end-all with values that cannot work is refused in a sentence") {
  CHECK_THROWS_MATCHES(
      parse({"end-all", "--timeout", "soon"}), app::ConfigError,
      Catch::Matchers::Message("--timeout soon is not a duration from 1s to 8760h, as in 168h, 30m or 10s"));
  CHECK_THROWS_MATCHES(parse({"end-all", "--no-leader-elect"}), app::ConfigError,
                       Catch::Matchers::Message("end-all needs the Lease: leave out --no-leader-elect"));
}
