// What a large number of stored objects costs: memory, idle CPU, start, and the lifecycle of one more
// request.
#include <cstdio>
#include <thread>

#include "benchmarks.hpp"
#include "sample.hpp"
#include "watcher.hpp"

namespace curfew::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kWriters = 16;
constexpr int kLives = 50;
constexpr std::chrono::seconds kIdle{60};

std::string name(const std::string& prefix, int number) {
  return prefix + "-" + std::to_string(number);
}

// Milliseconds from starting the controller, whose Lease is free, to its first grant. The request was created
// and approved while no controller ran. Leaves the controller running.
double start_to_first_grant(Arena& arena, const std::string& place, int run) {
  const Json request = arena.ask(place, name("first", run));
  arena.approve(place, name("first", run));
  Watcher bindings(arena.admin, kBindings, place);
  const auto began = Steady::now();
  arena.controller.start();
  return milliseconds_between(
      began, bindings.await_added("curfew-" + request.at("metadata").at("uid").get<std::string>()).steady);
}

double one_list(Arena& arena) {
  const auto began = Steady::now();
  arena.admin.read_all(path_of(kRequests));
  return milliseconds_between(began, Steady::now());
}

double idle_percent(const Arena& arena) {
  const double before = arena.controller.cpu_seconds();
  std::this_thread::sleep_for(kIdle);
  return (arena.controller.cpu_seconds() - before) / static_cast<double>(kIdle.count()) * 100;
}

struct Life {
  double granted_ms;  // from the approval until a watch showed the binding
  double ended_ms;    // from the revocation until a watch showed its deletion
};

Life live(Arena& arena, const std::string& place, const std::string& request_name) {
  Watcher bindings(arena.admin, kBindings, place);
  const Json request = arena.ask(place, request_name);
  const std::string binding = "curfew-" + request.at("metadata").at("uid").get<std::string>();
  arena.await_phase(place, request_name, "Pending");
  const auto approved = Steady::now();
  arena.approve(place, request_name);
  const auto granted = bindings.await_added(binding).steady;
  arena.await_phase(place, request_name, "Active");
  const auto revoked = Steady::now();
  arena.revoke(place, request_name);
  return {.granted_ms = milliseconds_between(approved, granted),
          .ended_ms = milliseconds_between(revoked, bindings.await_deleted(binding).steady)};
}

void measure_growth(Arena& arena, Results& results, const std::string& place, int run, int stored) {
  arena.controller.start_and_settle();
  const double cpu = arena.controller.cpu_seconds();
  std::vector<double> granted;
  std::vector<double> ended;
  for (int i = 0; i < kLives; ++i) {
    const Life life =
        live(arena, place, name("life-" + std::to_string(stored) + "-" + std::to_string(run), i));
    granted.push_back(life.granted_ms);
    ended.push_back(life.ended_ms);
  }
  arena.controller.await_quiet();
  results.add("growth", run,
              {.figures = {{"stored", stored},
                           {"grant_p50_ms", percentile(granted, 0.5)},
                           {"end_p50_ms", percentile(ended, 0.5)},
                           {"cpu_ms_per_lifecycle", (arena.controller.cpu_seconds() - cpu) * 1000 / kLives},
                           {"rss_mib", arena.controller.rss_mib()}},
               .samples = {}});
  arena.controller.stop();
}

// Creates ended requests as Curfew leaves them, each with the record of its end.
void fill(Arena& arena, const std::string& place, const Sample& ended, int from, int to) {
  in_parallel(to - from, kWriters, [&](int i) {
    const Json request = arena.ask(place, name("old", from + i));
    arena.curfew.patch(path_of(kRequests, place, name("old", from + i), "status"), ended.status(request));
    arena.curfew.post(path_of(kRecords), ended.record("ended", request));
  });
}

void measure_start(Arena& arena, Results& results, const std::string& benchmark, const std::string& place,
                   int runs, std::map<std::string, double> scale) {
  for (int run = 1; run <= runs; ++run) {
    const double list = one_list(arena);
    const double first = start_to_first_grant(arena, place, run);
    arena.controller.await_quiet();
    Figures found{.figures = scale, .samples = {}};
    found.figures.merge(std::map<std::string, double>{{"list_ms", list},
                                                      {"first_grant_ms", first},
                                                      {"ratio", first / list},
                                                      {"rss_mib", arena.controller.rss_mib()}});
    if (benchmark == "pending") found.figures["idle_cpu_percent"] = idle_percent(arena);
    arena.controller.stop();
    results.add(benchmark, run, found);
  }
}

}  // namespace

void idle_memory(Arena& arena, Results& results, int runs) {
  for (int run = 1; run <= runs; ++run) {
    arena.controller.start_and_settle();
    std::this_thread::sleep_for(10s);
    results.add("memory", run, {.figures = {{"rss_idle_mib", arena.controller.rss_mib()}}, .samples = {}});
    arena.controller.stop();
  }
}

void pending(Arena& arena, Results& results, int runs) {
  arena.make_place("pending", 1);
  arena.controller.start_and_settle();
  std::printf("asking %d times\n", arena.scale.pending);
  in_parallel(arena.scale.pending, kWriters, [&](int i) { arena.ask("pending", name("waiting", i)); });
  arena.controller.await_quiet();
  arena.controller.stop();
  measure_start(arena, results, "pending", "pending", runs, {{"n", arena.scale.pending}});
}

void stored(Arena& arena, Results& results, int runs) {
  arena.make_place("lives", 1);
  arena.make_place("old", 1);
  arena.make_place("live", 0);
  arena.controller.start_and_settle();
  live(arena, "lives", "sample");
  arena.await_phase("lives", "sample", "Revoked");
  arena.controller.await_quiet();
  arena.controller.stop();
  const Sample ended(arena, "lives", "sample");
  int filled = 0;
  for (int level = 100; level <= arena.scale.stored; level *= 10) {
    std::printf("storing %d requests that have ended\n", level - filled);
    fill(arena, "old", ended, filled, level);
    filled = level;
    for (int run = 1; run <= runs; ++run) measure_growth(arena, results, "lives", run, level);
  }
  arena.controller.start_and_settle();
  in_parallel(arena.scale.live, kWriters,
              [&](int i) { arena.ask("live", name("live", i), {{"duration", "4h"}}); });
  arena.controller.await_quiet();
  arena.controller.stop();
  measure_start(arena, results, "stored", "lives", runs, {{"n", filled}, {"live", arena.scale.live}});
}

}  // namespace curfew::bench
