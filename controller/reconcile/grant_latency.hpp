#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/access_request.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// How long a grant takes, from the moment when this replica hears of a request's latest decision (of the
// request itself, while there is none) until its binding is created. A status has whole seconds only, and the
// clocks of those who decide are not ours: so what happens before we hear is not in it. Thread-safe.
class GrantLatency {
 public:
  using Pointer = std::shared_ptr<const api::AccessRequest>;

  GrantLatency(const Clock& clock, std::function<void(std::chrono::microseconds)> report)
      : clock_(clock), report_(std::move(report)) {}

  // From the requests' reflector, for each change; before it is acted on.
  void observe(const Pointer& before, const Pointer& after);

  // Its binding is there. Reported once.
  void granted(const std::string& request_uid);

 private:
  const Clock& clock_;
  const std::function<void(std::chrono::microseconds)> report_;
  Guarded<std::map<std::string, std::chrono::steady_clock::time_point>>
      heard_;  // by UID; requests without access only
};

}  // namespace curfew::reconcile
