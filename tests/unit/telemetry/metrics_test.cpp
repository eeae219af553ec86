#include "telemetry/metrics.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <regex>
#include <sstream>
#include <string>

using Catch::Matchers::ContainsSubstring;
using curfew::ErrorKind;
using curfew::api::Phase;
using curfew::telemetry::Metrics;
using namespace std::chrono_literals;

namespace {

// A whole sample line, so that "x 1" does not match "x 10".
auto shows(const std::string& line) {
  return ContainsSubstring("\n" + line + "\n");
}

int series_of(const std::string& text, const std::string& family) {
  int count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) count += line.starts_with(family) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("counters and gauges stand at zero before anything happens") {
  Metrics metrics("1.2.3");
  const std::string text = metrics.render();
  for (const char* phase : {"Denied", "Rejected", "TimedOut", "Withdrawn", "Expired", "Revoked"}) {
    CHECK_THAT(text, shows(std::string("curfew_requests_completed_total{phase=\"") + phase + "\"} 0"));
  }
  for (const char* name :
       {"curfew_grants_active", "curfew_bindings_past_end", "curfew_leader", "curfew_guard_in_force",
        "curfew_work_queue_depth", "curfew_worker_panics_total", "curfew_events_dropped_total",
        "curfew_clock_offset_seconds", "curfew_grant_latency_seconds_count",
        "curfew_revocation_lateness_seconds_count", "curfew_watch_restarts_total{resource=\"rolebindings\"}",
        "curfew_reconcile_errors_total{kind=\"Unavailable\"}"}) {
    CHECK_THAT(text, shows(std::string(name) + " 0"));
  }
  CHECK_THAT(text, shows("curfew_build_info{version=\"1.2.3\"} 1"));
}

TEST_CASE("every name is curfew_NOUN_UNIT, in snake case, with help") {
  Metrics metrics("1.2.3");
  std::istringstream lines(metrics.render());
  int families = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# HELP ")) continue;
    ++families;
    CHECK(std::regex_match(line, std::regex("# HELP curfew(_[a-z]+)+ [A-Z0-9].+\\.")));
  }
  CHECK(families >= 15);
}

TEST_CASE("a completed request is counted under its phase; a live one is not") {
  Metrics metrics("x");
  metrics.request_completed(Phase::Expired);
  metrics.request_completed(Phase::Expired);
  metrics.request_completed(Phase::Active);
  const std::string text = metrics.render();
  CHECK_THAT(text, shows("curfew_requests_completed_total{phase=\"Expired\"} 2"));
  CHECK(series_of(text, "curfew_requests_completed_total{") == 6);
}

TEST_CASE("live requests are shown by policy and phase, and no longer than their policy") {
  Metrics metrics("x");
  metrics.set_requests(
      {{{"debug", "Namespaced"}, {{Phase::Pending, 2}, {Phase::Active, 1}}}, {{"idle", "Cluster"}, {}}});
  std::string text = metrics.render();
  CHECK_THAT(text, shows("curfew_requests{phase=\"Pending\",policy=\"debug\",scope=\"Namespaced\"} 2"));
  CHECK_THAT(text, shows("curfew_requests{phase=\"Active\",policy=\"debug\",scope=\"Namespaced\"} 1"));
  CHECK_THAT(text, shows("curfew_requests{phase=\"Scheduled\",policy=\"debug\",scope=\"Namespaced\"} 0"));
  CHECK_THAT(text, shows("curfew_requests{phase=\"Pending\",policy=\"idle\",scope=\"Cluster\"} 0"));
  metrics.set_requests({{{"debug", "Namespaced"}, {{Phase::Active, 3}}}});
  text = metrics.render();
  CHECK_THAT(text, shows("curfew_requests{phase=\"Pending\",policy=\"debug\",scope=\"Namespaced\"} 0"));
  CHECK_THAT(text, shows("curfew_requests{phase=\"Active\",policy=\"debug\",scope=\"Namespaced\"} 3"));
  CHECK(series_of(text, "curfew_requests{") == 3);
}

TEST_CASE("an early revocation falls into a negative bucket") {
  Metrics metrics("x");
  metrics.revocation_was_late(-300ms);
  metrics.revocation_was_late(40ms);
  const std::string text = metrics.render();
  CHECK_THAT(text, shows("curfew_revocation_lateness_seconds_bucket{le=\"-0.5\"} 0"));
  CHECK_THAT(text, shows("curfew_revocation_lateness_seconds_bucket{le=\"-0.25\"} 1"));
  CHECK_THAT(text, shows("curfew_revocation_lateness_seconds_bucket{le=\"0\"} 1"));
  CHECK_THAT(text, shows("curfew_revocation_lateness_seconds_bucket{le=\"0.05\"} 2"));
}

TEST_CASE("API requests are counted by verb, resource and class of code") {
  Metrics metrics("x");
  metrics.api_request_took("create", "rolebindings", 201, 3ms);
  metrics.api_request_took("create", "rolebindings", 403, 3ms);
  metrics.api_request_took("create", "rolebindings", 0, 30s);
  const std::string text = metrics.render();
  CHECK_THAT(text,
             shows("curfew_api_requests_total{code=\"2xx\",resource=\"rolebindings\",verb=\"create\"} 1"));
  CHECK_THAT(text,
             shows("curfew_api_requests_total{code=\"4xx\",resource=\"rolebindings\",verb=\"create\"} 1"));
  CHECK_THAT(text,
             shows("curfew_api_requests_total{code=\"none\",resource=\"rolebindings\",verb=\"create\"} 1"));
  CHECK_THAT(text,
             shows("curfew_api_requests_total{code=\"5xx\",resource=\"rolebindings\",verb=\"create\"} 0"));
  CHECK_THAT(text, shows("curfew_api_request_duration_seconds_count{verb=\"create\"} 3"));
}

TEST_CASE("labels stay bounded whatever is put into them") {
  Metrics metrics("x");
  for (int i = 0; i < 100; ++i)
    metrics.api_request_took("verb" + std::to_string(i), "resource" + std::to_string(i), 1000 + i, 1ms);
  for (int i = 0; i < 100; ++i) metrics.watch_restarted("resource" + std::to_string(i));
  const std::string text = metrics.render();
  CHECK(series_of(text, "curfew_api_requests_total{") == 6);
  CHECK_THAT(text, shows("curfew_api_requests_total{code=\"other\",resource=\"other\",verb=\"other\"} 100"));
  CHECK_THAT(text, shows("curfew_watch_restarts_total{resource=\"other\"} 100"));
}

TEST_CASE("gauges are sampled at each rendering") {
  Metrics metrics("x");
  std::size_t depth = 3;
  metrics.before_render([&](Metrics& self) { self.set_queue_depth(depth); });
  CHECK_THAT(metrics.render(), shows("curfew_work_queue_depth 3"));
  depth = 0;
  CHECK_THAT(metrics.render(), shows("curfew_work_queue_depth 0"));
}

TEST_CASE("the rest of the metrics show what they were told") {
  Metrics metrics("x");
  metrics.approval_took(90s);
  metrics.grant_took(20ms);
  metrics.reconcile_failed(ErrorKind::Conflict);
  metrics.worker_panicked();
  metrics.event_dropped();
  metrics.set_active_grants(7);
  metrics.set_bindings_past_end(1);
  metrics.set_leader(true);
  metrics.set_guard_in_force(true);
  metrics.set_clock_offset(-1500ms);
  const std::string text = metrics.render();
  for (const char* line :
       {"curfew_approval_wait_seconds_bucket{le=\"120\"} 1",
        "curfew_approval_wait_seconds_bucket{le=\"60\"} 0",
        "curfew_grant_latency_seconds_bucket{le=\"0.025\"} 1",
        "curfew_reconcile_errors_total{kind=\"Conflict\"} 1", "curfew_worker_panics_total 1",
        "curfew_events_dropped_total 1", "curfew_grants_active 7", "curfew_bindings_past_end 1",
        "curfew_leader 1", "curfew_guard_in_force 1", "curfew_clock_offset_seconds -1.5"}) {
    CHECK_THAT(text, shows(line));
  }
}
