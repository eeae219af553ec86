#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::kube {

// The wall clock that Curfew uses: this machine's while it agrees with the API server's, otherwise the API
// server's, which users and other replicas share. The API server's clock is estimated from the Date of
// responses: whole seconds, but each response narrows the estimate. Between responses, the clock advances
// with the time since boot, so that a step of this machine's wall clock, by a user or by NTP, changes
// nothing, and time asleep counts. Before the first response, the clock is this machine's.
//
// API servers behind one address may have different clocks. The latest one of those that have answered within
// kRemembered counts: the clock does not jump from answer to answer, and access ends no later than by any of
// them. If the clock of the only API server is set back, that counts after kRemembered. Thread-safe.
class ServerClock final : public Clock {
 public:
  static constexpr std::chrono::seconds kRemembered{30};

  // Time since some fixed moment; continues while the machine sleeps.
  using SinceBoot = std::function<std::chrono::microseconds()>;
  // Gets the estimated offset of this machine's clock from the API server's; for metrics, on the thread that
  // calls observe().
  using Report = std::function<void(std::chrono::microseconds ours_minus_server)>;

  // `machine` must outlive it.
  explicit ServerClock(const Clock& machine, Report report = {},
                       SinceBoot since_boot = &ServerClock::since_boot);

  TimePoint now() const override;
  std::chrono::steady_clock::time_point steady() const override { return machine_.steady(); }

  // A response with `date` has just arrived, `round_trip` after its request. Responses that took more than a
  // second are ignored: their Date could be from any moment of it.
  void observe(TimePoint date, std::chrono::nanoseconds round_trip);

  // Whether the API server's clock is in use instead of this machine's.
  bool is_off() const;

  static std::chrono::microseconds since_boot();

 private:
  // A clock is stored as its time at boot: its current time is that plus the time since boot.
  struct Bounds {
    TimePoint earliest;  // of the API server's clock, at boot
    TimePoint latest;
    TimePoint middle() const { return earliest + (latest - earliest) / 2; }
  };
  // A clock that answered. Responses whose bounds overlap are of one clock.
  struct Source {
    Bounds bounds;
    std::chrono::microseconds heard_at;  // since boot
  };
  struct State {
    TimePoint at_boot;  // time of the clock in use, at boot
    std::vector<Source> sources;
    bool is_off = false;
    bool is_logged_off = false;                          // is_off as last logged
    std::optional<std::chrono::microseconds> logged_at;  // since boot
  };
  static const Bounds& latest_after(State& state, const Bounds& heard, std::chrono::microseconds booted);
  static bool must_log(State& state, std::chrono::microseconds booted);
  void log_offset(bool is_off, std::chrono::microseconds ours_minus_server) const;

  const Clock& machine_;
  const Report report_;
  const SinceBoot since_boot_;
  Guarded<State> state_;
};

}  // namespace curfew::kube
