#pragma once

#include <chrono>
#include <functional>

#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::kube {

// The wall clock by which Curfew goes: this machine's while it agrees with the API server's, otherwise the
// API server's, which is the one that people and other replicas share. It is known from the Date of answers:
// whole seconds, but each answer narrows down the rest. Between answers time goes on with the time since
// boot, so that a step of this machine's wall clock, which somebody or NTP makes, changes nothing, and the
// time that it slept counts. Before the first answer it is this machine's. Thread-safe.
class ServerClock final : public Clock {
 public:
  // Since some moment that stays the same; counts on while the machine sleeps.
  using SinceBoot = std::function<std::chrono::microseconds()>;
  // The API server's time is taken to be `ours_minus_server` away from this machine's; for metrics, on the
  // thread that observed it.
  using Report = std::function<void(std::chrono::microseconds ours_minus_server)>;

  // `machine` outlives it.
  explicit ServerClock(const Clock& machine, Report report = {},
                       SinceBoot since_boot = &ServerClock::since_boot);

  TimePoint now() const override;
  std::chrono::steady_clock::time_point steady() const override { return machine_.steady(); }

  // An answer that carries `date` came just now, that long after its request. Answers that took more than a
  // second say nothing: their Date could be from any of it.
  void observe(TimePoint date, std::chrono::nanoseconds round_trip);

  // Whether this machine's clock is not the one that counts.
  bool is_off() const;

  static std::chrono::microseconds since_boot();

 private:
  // A clock that runs with the time since boot: what it shows is `at_boot` later.
  struct Bounds {
    TimePoint earliest;  // of the API server's clock, at boot
    TimePoint latest;
    TimePoint middle() const { return earliest + (latest - earliest) / 2; }
  };
  struct State {
    TimePoint at_boot;  // what counts, at boot
    Bounds server;
    bool has_heard = false;
    bool is_off = false;
  };
  void log_offset(bool is_off, std::chrono::microseconds ours_minus_server) const;

  const Clock& machine_;
  const Report report_;
  const SinceBoot since_boot_;
  Guarded<State> state_;
};

}  // namespace curfew::kube
