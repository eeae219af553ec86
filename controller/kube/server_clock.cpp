#include "kube/server_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "util/log.hpp"

namespace curfew::kube {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr seconds kMaxRoundTrip{1};
constexpr seconds kDatesSecond{1};
// Clocks synchronized by NTP differ by milliseconds; if they differ by more than this, one of them is wrong.
// Leaves room for a thread that is delayed between a response and its observe().
constexpr std::chrono::milliseconds kTolerance{500};

}  // namespace

ServerClock::ServerClock(const Clock& machine, Report report, SinceBoot since_boot)
    : machine_(machine),
      report_(std::move(report)),
      since_boot_(std::move(since_boot)),
      state_(State{.at_boot = machine.now() - since_boot_(), .server = {}}) {}

TimePoint ServerClock::now() const {
  const TimePoint ours = machine_.now();
  const TimePoint expected = state_.with([](const State& state) { return state.at_boot; }) + since_boot_();
  return std::chrono::abs(ours - expected) <= kTolerance ? ours : expected;
}

void ServerClock::observe(TimePoint date, std::chrono::nanoseconds round_trip) {
  if (round_trip > kMaxRoundTrip) return;
  const microseconds booted = since_boot_();
  const TimePoint ours = machine_.now();
  const auto trip = std::chrono::duration_cast<microseconds>(round_trip);
  // The server read the Date at some moment of the round trip and truncated it to the second.
  const Bounds told{.earliest = date - booted, .latest = date + kDatesSecond - (booted - trip)};
  bool is_news = false;
  const State state = state_.with([&](State& s) {
    const Bounds narrower{.earliest = std::max(s.server.earliest, told.earliest),
                          .latest = std::min(s.server.latest, told.latest)};
    s.server = s.has_heard && narrower.earliest <= narrower.latest
                   ? narrower
                   : told;  // no overlap: one of the clocks was set
    s.has_heard = true;
    const TimePoint machine_at_boot = ours - booted;
    const bool agrees =
        machine_at_boot >= s.server.earliest - kTolerance && machine_at_boot <= s.server.latest + kTolerance;
    s.at_boot = agrees ? machine_at_boot : s.server.middle();
    is_news = std::exchange(s.is_off, !agrees) != s.is_off;
    return s;
  });
  const microseconds offset = ours - (state.server.middle() + booted);
  if (report_) report_(offset);
  if (is_news) log_offset(state.is_off, offset);
}

bool ServerClock::is_off() const {
  return state_.with([](const State& state) { return state.is_off; });
}

void ServerClock::log_offset(bool is_off, microseconds ours_minus_server) const {
  const std::string seconds =
      fmt::format("{:.1f}s", std::chrono::duration<double>(ours_minus_server).count());
  if (is_off)
    log::warn("clock skew: using the API server's time, check NTP on both hosts",
              {{"ours_minus_server", seconds}});
  else
    log::info("clock skew resolved", {{"ours_minus_server", seconds}});
}

microseconds ServerClock::since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return seconds(time.tv_sec) +
         std::chrono::duration_cast<microseconds>(std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace curfew::kube
