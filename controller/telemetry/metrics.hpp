#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/access_request.hpp"
#include "util/result.hpp"

namespace curfew::telemetry {

// Everything that /metrics exposes, one function each; names and help texts are in the source file. Counters
// start at zero; curfew_api_requests_total has a series from its first request on. Label values are bounded:
// names of policies (they are few), never a user, a request or a message. Thread-safe.
class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void request_completed(api::Phase phase);  // terminal phases; others are ignored
  void approval_took(std::chrono::microseconds since_asked);
  void grant_took(std::chrono::microseconds since_heard);
  void revocation_was_late(std::chrono::microseconds past_expiry);  // negative: early; expired grants only
  void reconcile_failed(ErrorKind kind);
  void worker_panicked();
  void watch_restarted(std::string_view resource);  // plural, as in the API's path
  void event_dropped();
  // `status` is the HTTP status, 0 if there was no response.
  void api_request_took(std::string_view verb, std::string_view resource, int status,
                        std::chrono::microseconds took);

  struct PolicyLabels {
    std::string policy;
    std::string scope;  // Namespaced, Cluster

    auto operator<=>(const PolicyLabels&) const = default;
  };
  // The live requests of each existing policy, by phase. A policy that is missing here is no longer exposed.
  using LiveRequests = std::map<PolicyLabels, std::map<api::Phase, std::size_t>>;
  void set_requests(const LiveRequests& by_policy);
  // Ended access that waits for its review, and how much of it is overdue.
  void set_reviews(std::size_t pending, std::size_t overdue);
  void set_active_grants(std::size_t count);
  void set_bindings_past_end(std::size_t count);
  void set_queue_depth(std::size_t keys);
  void set_leader(bool leads);
  void set_guard_in_force(bool in_force);
  void set_clock_offset(std::chrono::microseconds ours_minus_server);

  // Runs before each render(): sets gauges that show the state of other components. Add all of them before
  // the server starts.
  void before_render(std::function<void(Metrics&)> sample);

  // Prometheus' text format.
  std::string render();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::telemetry
