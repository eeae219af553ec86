#include "kube/contact_monitor.hpp"

#include <utility>

#include "util/log.hpp"

namespace curfew::kube {
namespace {

// Where every other answer is cut off, contact comes and goes many times a second: it is back once nothing has failed for as long.
constexpr std::chrono::seconds kSettled{1};

std::string seconds_text(std::chrono::steady_clock::duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + "s";
}

}  // namespace

void ContactMonitor::succeeded(Instant now) {
  const auto was_lost_for = state_.with([&](State& state) -> std::optional<std::chrono::steady_clock::duration> {
    const bool had_contact = state.last_success != Instant{};
    state.last_success = std::max(state.last_success, now);
    if (!state.lost || (had_contact && now - state.last_failure < kSettled)) return std::nullopt;
    state.lost = false;
    return had_contact ? std::optional(now - state.lost_at) : std::nullopt;
  });
  if (was_lost_for) log::info("contact with the API server again", {{"after", seconds_text(*was_lost_for)}});
}

bool ContactMonitor::failed(const Error& error, Instant began, Instant now) {
  if (error.kind == ErrorKind::Cancelled) return false;
  const bool news = state_.with([&](State& state) {
    const bool had_contact = state.last_success != Instant{};
    state.last_failure = now;
    if (state.lost || state.last_success > began) return false;
    state.lost = true;
    state.lost_at = now;
    return had_contact;
  });
  if (news) log::warn("lost contact with the API server; trying again until it is back", {{"err", error.message}});
  return news;
}

bool ContactMonitor::in_contact() const {
  return state_.with([](const State& state) { return !state.lost; });
}

}  // namespace curfew::kube
