#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/access_request.hpp"
#include "util/result.hpp"

namespace curfew::runtime {

// Everything that /metrics shows, one function each; names and help texts are in the source file. Counters
// are zero at the start, labels are bounded: never a user, a request or a message; policies are few, and are
// named. Thread-safe.
class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void request_completed(api::Phase phase);  // terminal phases; others are ignored
  void approval_took(std::chrono::microseconds since_asked);
  void grant_took(std::chrono::microseconds since_heard);
  void revocation_was_late(std::chrono::microseconds past_expiry);  // negative: early; of what ended by time
  void reconcile_failed(ErrorKind kind);
  void worker_panicked();
  void watch_restarted(std::string_view resource);  // plural, as in the API's path
  void event_dropped();
  // `status` is the HTTP status, 0 where there was no answer.
  void api_request_took(std::string_view verb, std::string_view resource, int status,
                        std::chrono::microseconds took);

  // Of each policy that exists: its live requests, by phase. What is not in it any more is not shown any
  // more.
  using LiveRequests = std::map<std::string, std::map<api::Phase, std::size_t>>;
  void set_requests(const LiveRequests& by_policy);
  void set_active_grants(std::size_t count);
  void set_bindings_past_end(std::size_t count);
  void set_queue_depth(std::size_t keys);
  void set_leader(bool leads);
  void set_guard_in_force(bool in_force);
  void set_clock_offset(std::chrono::microseconds ours_minus_server);

  // Runs before each render(): the place to set gauges that are somebody else's state. Add all of them before
  // the server starts.
  void before_render(std::function<void(Metrics&)> sample);

  // Prometheus' text format.
  std::string render();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::runtime
