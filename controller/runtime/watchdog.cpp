#include "runtime/watchdog.hpp"

#include <algorithm>

namespace curfew::runtime {

Watchdog::Task Watchdog::begin(std::string what) {
  const SteadyTime now = clock_.steady();
  const std::uint64_t id = state_.with([&](State& state) {
    state.tasks.emplace(state.next_id, Work{.what = std::move(what), .began = now});
    return state.next_id++;
  });
  return {*this, id};
}

void Watchdog::end(std::uint64_t id) {
  state_.with([&](State& state) { state.tasks.erase(id); });
}

void Watchdog::beat(const std::string& name) {
  const SteadyTime now = clock_.steady();
  state_.with([&](State& state) { state.loops[name] = now; });
}

std::optional<std::string> Watchdog::stuck() const {
  const auto oldest = state_.with([](const State& state) -> std::optional<Work> {
    std::optional<Work> found;
    if (!state.tasks.empty()) found = state.tasks.begin()->second;
    for (const auto& [name, at] : state.loops) {
      if (!found || at < found->began) found = Work{.what = name, .began = at};
    }
    return found;
  });
  if (!oldest) return std::nullopt;
  const auto since = clock_.steady() - oldest->began;
  if (since <= limit_) return std::nullopt;
  return oldest->what + " has not come round for " +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(since).count()) + " s";
}

}  // namespace curfew::runtime
