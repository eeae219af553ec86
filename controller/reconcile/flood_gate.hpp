#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "core/input.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// How much one requester may ask for.
struct FloodLimits {
  int pending = 20;      // requests that wait (Pending or Scheduled) at one time; 0: any number
  double qps = 1;        // requests a second in the long run; 0: any number
  int burst = 100;       // requests at once, after a quiet time
};

// Tells the requests of one person that are too many, so that a flood costs its sender's requests and nobody else's. Follows every change, on every replica. What it
// knows of rates is lost by a restart, which lets a burst more in. Thread-safe.
class FloodGate {
 public:
  using Pointer = std::shared_ptr<const api::AccessRequest>;

  FloodGate(const Clock& clock, FloodLimits limits) : clock_(clock), limits_(limits) {}

  // From the requests' reflector, for each change; before it is acted on. A request takes one of its requester's tokens when it is first seen.
  void observe(const Pointer& before, const Pointer& after);

  // Of a request that has no status yet: nullopt lets it in, and it counts as waiting from now on; otherwise it is one too many.
  std::optional<core::Flood> admit(const api::AccessRequest& request);

  // Of one that is gone before it was let in: whether it was one too many.
  std::optional<core::Flood> refusal(const api::AccessRequest& request) const;

  // A record that this process has written.
  void recorded(const api::AuditRecord& record);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Requester {
    std::set<std::string> waiting;               // UIDs
    std::map<std::string, SteadyTime> admitted;  // UIDs of those that were let in and are not known to wait yet, nor to be gone, and when that was
    double tokens = 0;
    SteadyTime counted_at;
  };
  struct State {
    std::map<std::string, Requester> requesters;  // by username; only those who have something here, or lack tokens
    std::set<std::string> refused;                // UIDs of requests for which there was no token
    std::deque<std::pair<SteadyTime, std::string>> refused_at;  // the same, oldest first: they are forgotten in time, since nobody may look at them
    std::set<std::string> records;                // names of flood records that exist
  };

  core::Flood too_many(const State& state, const api::AccessRequest& request, std::string message) const;
  std::optional<core::Flood> refusal(const State& state, const api::AccessRequest& request) const;
  void leave(State& state, const api::AccessRequest& request) const;
  void take_token(State& state, const api::AccessRequest& request) const;
  void forget_old(State& state) const;
  double tokens_now(const Requester& requester) const;

  const Clock& clock_;
  const FloodLimits limits_;
  Guarded<State> state_;
};

}  // namespace curfew::reconcile
