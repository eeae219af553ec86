#pragma once

#include <chrono>
#include <functional>

#include "util/guarded.hpp"
#include "util/time.hpp"

namespace curfew::kube {

// Compares our wall clock with the API server's, from the Date of its answers, and says once when they disagree and once when they agree again: a binding
// ends by our clock, but people read the server's. Date has whole seconds, so that an offset is known to about a second. Thread-safe.
class ClockOffset {
 public:
  using Report = std::function<void(std::chrono::microseconds ours_minus_server)>;

  // `report`, for metrics, gets each offset, on the thread that heard it.
  explicit ClockOffset(Report report = {}) : report_(std::move(report)) {}

  // An answer that carries `date` came at `now`, that long after its request. Answers that took more than a second say nothing: their Date could be from
  // any of it.
  void heard(TimePoint date, std::chrono::nanoseconds round_trip, TimePoint now);

  // More than two seconds apart; once that is so, until they are within one.
  bool is_off() const;

 private:
  const Report report_;
  Guarded<bool> is_off_;
};

}  // namespace curfew::kube
