// How punctually access ends: when a watch shows that the binding is deleted, compared with the end in the
// binding.
#include <algorithm>
#include <thread>

#include "benchmarks.hpp"
#include "watcher.hpp"

namespace curfew::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kTogether = 500;
constexpr int kAlone = 10;

// Milliseconds after the end; negative if before it.
std::vector<double> lateness(const Watcher& bindings) {
  std::vector<double> late;
  const auto ends = bindings.ends();
  for (const auto& [name, seen] : bindings.deleted())
    late.push_back(std::chrono::duration<double, std::milli>(seen.wall - ends.at(name)).count());
  return late;
}

std::vector<double> many_at_once(Arena& arena, const std::string& place) {
  Watcher bindings(arena.admin, kBindings, place);
  const auto starts = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now()) + 15s;
  in_parallel(kTogether, 16, [&](int i) {
    arena.ask(place, "together-" + std::to_string(i),
              {{"duration", "45s"},
               {"startTime", format_rfc3339(TimePoint(starts + std::chrono::seconds(i % 2)))}});
  });
  bindings.await_all_added(kTogether, 60s);
  bindings.await_all_deleted(kTogether, 120s);
  return lateness(bindings);
}

std::vector<double> one_after_the_other(Arena& arena, const std::string& place) {
  Watcher bindings(arena.admin, kBindings, place);
  for (int i = 0; i < kAlone; ++i) {
    arena.ask(place, "alone-" + std::to_string(i), {{"duration", "5s"}});
    std::this_thread::sleep_for(1s);
  }
  bindings.await_all_deleted(kAlone, 30s);
  return lateness(bindings);
}

}  // namespace

void end_together(Arena& arena, Results& results, int runs) {
  arena.controller.start();
  arena.controller.await_leading();
  for (int run = 1; run <= runs; ++run) {
    const std::string place = "ends-" + std::to_string(run);
    arena.make_place(place, 0);
    const auto together = many_at_once(arena, place);
    arena.controller.await_quiet();
    const auto alone = one_after_the_other(arena, place);
    const auto late = std::ranges::count_if(together, [](double each) { return each > 0; });
    results.add("end-together", run,
                {.figures = {{"n", kTogether},
                             {"p50_ms", percentile(together, 0.5)},
                             {"p99_ms", percentile(together, 0.99)},
                             {"latest_ms", std::ranges::max(together)},
                             {"earliest_ms", std::ranges::min(together)},
                             {"late", static_cast<double>(late)},
                             {"alone_p50_ms", percentile(alone, 0.5)},
                             {"alone_latest_ms", std::ranges::max(alone)},
                             {"alone_earliest_ms", std::ranges::min(alone)}},
                 .samples = {{"lateness_ms", together}, {"alone_lateness_ms", alone}}});
  }
  arena.controller.stop();
}

}  // namespace curfew::bench
