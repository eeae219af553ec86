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

// Measures a grant from the moment this replica receives the request's latest decision (the request itself,
// if there is none) until its binding is created. The time before is not included, because a status has whole
// seconds only and the clocks of those who decide differ from ours. Thread-safe.
class GrantLatency {
 public:
  using Pointer = std::shared_ptr<const api::AccessRequest>;

  GrantLatency(const Clock& clock, std::function<void(std::chrono::microseconds)> report)
      : clock_(clock), report_(std::move(report)) {}

  // Called by the requests' reflector for each change, before a reconcile uses it.
  void observe(const Pointer& before, const Pointer& after);

  // Called when the request's binding exists. Reports once.
  void granted(const std::string& request_uid);

 private:
  const Clock& clock_;
  const std::function<void(std::chrono::microseconds)> report_;
  // By UID; only requests without access.
  Guarded<std::map<std::string, std::chrono::steady_clock::time_point>> heard_;
};

}  // namespace curfew::reconcile
