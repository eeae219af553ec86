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
// More API servers with clocks that differ by seconds are not remembered.
constexpr std::size_t kMaxSources = 8;
constexpr std::chrono::minutes kMinJumpLogInterval{1};

}  // namespace

ServerClock::ServerClock(const Clock& machine, Report report, SinceBoot since_boot)
    : machine_(machine),
      report_(std::move(report)),
      since_boot_(std::move(since_boot)),
      state_(State{.at_boot = machine.now() - since_boot_(), .sources = {}, .logged_at = {}}) {}

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
  bool is_off = false;
  bool is_news = false;
  const microseconds offset = state_.with([&](State& state) {
    const Bounds& server = latest_after(state, told, booted);
    const TimePoint machine_at_boot = ours - booted;
    is_off = machine_at_boot < server.earliest - kTolerance || machine_at_boot > server.latest + kTolerance;
    state.is_off = is_off;
    state.at_boot = is_off ? server.middle() : machine_at_boot;
    is_news = must_log(state, booted);
    return ours - (server.middle() + booted);
  });
  if (report_) report_(offset);
  if (is_news) log_offset(is_off, offset);
}

// The latest of the clocks that have answered recently, now that one has answered with these bounds.
const ServerClock::Bounds& ServerClock::latest_after(State& state, const Bounds& heard, microseconds booted) {
  auto& sources = state.sources;
  std::erase_if(sources, [&](const Source& source) { return booted - source.heard_at > kRemembered; });
  const auto overlaps = [&](const Source& source) {
    return source.bounds.earliest <= heard.latest && heard.earliest <= source.bounds.latest;
  };
  const auto known = std::ranges::find_if(sources, overlaps);
  if (known != sources.end()) {
    known->bounds = {.earliest = std::max(known->bounds.earliest, heard.earliest),
                     .latest = std::min(known->bounds.latest, heard.latest)};
    known->heard_at = booted;
  } else {
    if (sources.size() == kMaxSources)
      sources.erase(std::ranges::min_element(sources, {}, &Source::heard_at));
    sources.push_back({.bounds = heard, .heard_at = booted});
  }
  return std::ranges::max_element(sources, {}, [](const Source& source) { return source.bounds.middle(); })
      ->bounds;
}

// Whether a change of `is_off` is to be logged: at once, and then at most once a minute.
bool ServerClock::must_log(State& state, microseconds booted) {
  if (state.is_off == state.is_logged_off) return false;
  if (state.logged_at && booted - *state.logged_at < kMinJumpLogInterval) return false;
  state.is_logged_off = state.is_off;
  state.logged_at = booted;
  return true;
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
