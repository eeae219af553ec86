// How punctually access ends: when a watch shows that the binding is deleted, compared with the end in the
// binding.
#include <algorithm>
#include <optional>
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

// Half of the grants are for the whole cluster if there is a policy for that.
std::vector<double> many_at_once(Arena& arena, const std::string& place, const std::string& prefix,
                                 const std::optional<std::string>& cluster_policy) {
  const std::size_t in_place = cluster_policy ? kTogether / 2 : kTogether;
  Watcher bindings(arena.admin, kBindings, place);
  Watcher cluster_bindings(arena.admin, kClusterBindings, "");
  const auto starts = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now()) + 15s;
  in_parallel(kTogether, 16, [&](int i) {
    const std::string name = prefix + std::to_string(i);
    const Json times{{"duration", "45s"},
                     {"startTime", format_rfc3339(TimePoint(starts + std::chrono::seconds(i % 2)))}};
    static_cast<std::size_t>(i) < in_place ? arena.ask(place, name, times)
                                           : arena.ask_cluster(*cluster_policy, name, times);
  });
  bindings.await_all_added(in_place, 60s);
  cluster_bindings.await_all_added(kTogether - in_place, 60s);
  bindings.await_all_deleted(in_place, 120s);
  cluster_bindings.await_all_deleted(kTogether - in_place, 60s);
  auto late = lateness(bindings);
  const auto more = lateness(cluster_bindings);
  late.insert(late.end(), more.begin(), more.end());
  return late;
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
    arena.make_cluster_place(place + "-cluster", 0);
    const auto together = many_at_once(arena, place, place + "-together-", std::nullopt);
    arena.controller.await_quiet();
    const auto both = many_at_once(arena, place, place + "-both-", place + "-cluster");
    arena.controller.await_quiet();
    const auto alone = one_after_the_other(arena, place);
    const auto is_late = [](double each) { return each > 0; };
    results.add(
        "end-together", run,
        {.figures = {{"n", kTogether},
                     {"p50_ms", percentile(together, 0.5)},
                     {"p99_ms", percentile(together, 0.99)},
                     {"latest_ms", std::ranges::max(together)},
                     {"earliest_ms", std::ranges::min(together)},
                     {"late", static_cast<double>(std::ranges::count_if(together, is_late))},
                     {"both_scopes_p99_ms", percentile(both, 0.99)},
                     {"both_scopes_earliest_ms", std::ranges::min(both)},
                     {"both_scopes_late", static_cast<double>(std::ranges::count_if(both, is_late))},
                     {"alone_p50_ms", percentile(alone, 0.5)},
                     {"alone_latest_ms", std::ranges::max(alone)},
                     {"alone_earliest_ms", std::ranges::min(alone)}},
         .samples = {
             {"lateness_ms", together}, {"both_scopes_lateness_ms", both}, {"alone_lateness_ms", alone}}});
  }
  arena.controller.stop();
}

}  // namespace curfew::bench
