#include "kube/contact_monitor.hpp"

#include <utility>

#include "util/log.hpp"

namespace curfew::kube {
namespace {

std::string seconds_text(std::chrono::steady_clock::duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + "s";
}

}  // namespace

void ContactMonitor::succeeded(Instant now) {
  const auto was_lost_for = state_.with([&](State& state) -> std::optional<std::chrono::steady_clock::duration> {
    const bool had_contact = state.last_success != Instant{};
    state.last_success = std::max(state.last_success, now);
    if (!std::exchange(state.lost, false) || !had_contact) return std::nullopt;
    return now - state.lost_at;
  });
  if (was_lost_for) log::info("contact with the API server again", {{"after", seconds_text(*was_lost_for)}});
}

bool ContactMonitor::failed(const Error& error, Instant began, Instant now) {
  if (error.kind == ErrorKind::Cancelled) return false;
  const bool news = state_.with([&](State& state) {
    const bool had_contact = state.last_success != Instant{};
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
