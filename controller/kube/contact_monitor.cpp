#include "kube/contact_monitor.hpp"

#include <utility>

#include "util/log.hpp"

namespace curfew::kube {
namespace {

// If every other response is cut off, contact would flap many times a second: it counts as restored once no
// call has failed for this long.
constexpr std::chrono::seconds kSettled{1};
// When only some calls fail, a failed call is retried within this time.
constexpr std::chrono::minutes kMinLogInterval{1};

bool is_about_trust(ErrorKind kind) {
  return kind == ErrorKind::Tls || kind == ErrorKind::Unauthorized;
}

std::string seconds_text(std::chrono::steady_clock::duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + "s";
}

}  // namespace

void ContactMonitor::succeeded(Instant now) {
  const auto was_lost_for =
      state_.with([&](State& state) -> std::optional<std::chrono::steady_clock::duration> {
        const bool had_contact = state.last_success != Instant{};
        state.last_success = std::max(state.last_success, now);
        if (!state.lost || (had_contact && now - state.last_failure < kSettled)) return std::nullopt;
        state.lost = false;
        return had_contact ? std::optional(now - state.lost_at) : std::nullopt;
      });
  const auto over = state_.with([&](State& state) {
    return std::erase_if(state.struggles,
                         [&](const auto& struggle) { return now - struggle.second >= kMinLogInterval; });
  });
  if (over > 0) log::info("API server recovered: no errors for a minute");
  if (was_lost_for) log::info("API server reachable again", {{"after", seconds_text(*was_lost_for)}});
}

bool ContactMonitor::failed(const Error& error, Instant began, Instant now) {
  if (error.kind == ErrorKind::Cancelled) return false;
  bool is_lost_already = false;
  const bool news = state_.with([&](State& state) {
    const bool had_contact = state.last_success != Instant{};
    state.last_failure = now;
    is_lost_already = state.lost;
    if (state.lost) return had_contact && is_about_trust(error.kind) && state.said.insert(error.kind).second;
    if (state.last_success > began) return false;
    state.lost = true;
    state.lost_at = now;
    state.said = {error.kind};
    return had_contact;
  });
  if (news)
    log::warn(is_lost_already ? "API server still unreachable" : "API server unreachable, retrying",
              {{"err", error.message}});
  return news;
}

bool ContactMonitor::struggled(const Error& error, Instant now) {
  if (error.kind != ErrorKind::InternalError && error.kind != ErrorKind::TooManyRequests) return false;
  const bool news = state_.with([&](State& state) {
    const auto [known, is_first] = state.struggles.try_emplace(error.kind, now);
    const bool is_new = is_first || now - known->second >= kMinLogInterval;
    known->second = std::max(known->second, now);
    return is_new;
  });
  if (news)
    log::warn("API server returns errors, retrying",
              {{"kind", to_string(error.kind)}, {"err", error.message}});
  return news;
}

bool ContactMonitor::in_contact() const {
  return state_.with([](const State& state) { return !state.lost; });
}

}  // namespace curfew::kube
