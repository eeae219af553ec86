// What a life costs the API server in processor time, beside the least that it could cost; and each of its
// writes alone.
#include <algorithm>
#include <future>
#include <thread>

#include "bare.hpp"
#include "benchmarks.hpp"
#include "sample.hpp"
#include "watcher.hpp"
#include "without_policies.hpp"

namespace curfew::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kLives = 300;
constexpr int kWriters = 4;
constexpr std::chrono::seconds kProfiled{4};

std::string name(int number) {
  return "life-" + std::to_string(number);
}

// The API server's processor time for each of `count` calls of `work`, in milliseconds; a profile of it goes
// to `profile`, if that is not empty.
double cpu_of(Arena& arena, int count, const std::filesystem::path& profile,
              const std::function<void(int)>& work) {
  std::future<void> profiled;
  if (!profile.empty()) {
    profiled = std::async(std::launch::async, [&] { arena.write_profile(profile, kProfiled); });
    std::this_thread::sleep_for(100ms);
  }
  const double cpu = arena.api_server_cpu_seconds();
  in_parallel(count, kWriters, work);
  const double used = (arena.api_server_cpu_seconds() - cpu) * 1000 / count;
  if (profiled.valid()) profiled.get();
  return used;
}

// Asked, approved, granted, revoked; each step of all lives at once.
void measure_life(Arena& arena, const std::string& place, Figures& found) {
  arena.controller.start_and_settle();
  Watcher bindings(arena.admin, kBindings, place);
  const double cpu = arena.api_server_cpu_seconds();
  const double bytes = arena.etcd_written_bytes();
  in_parallel(kLives, kWriters, [&](int i) { arena.ask(place, name(i)); });
  arena.controller.await_quiet();
  in_parallel(kLives, kWriters, [&](int i) { arena.approve(place, name(i)); });
  bindings.await_all_added(kLives, 60s);
  arena.controller.await_quiet();
  in_parallel(kLives, kWriters, [&](int i) { arena.revoke(place, name(i)); });
  bindings.await_all_deleted(kLives, 60s);
  arena.controller.await_quiet();
  found.figures["life_ms"] = (arena.api_server_cpu_seconds() - cpu) * 1000 / kLives;
  found.figures["etcd_bytes_per_life"] = (arena.etcd_written_bytes() - bytes) / kLives;
  arena.controller.stop();
}

// The bare life's, with that of each of its writes.
double bare_life_cpu(Arena& arena, const std::string& place, Figures& found) {
  BareChain bare(arena, place);
  const std::vector<std::pair<std::string, std::function<void(int)>>> writes{
      {"create", [&](int i) { bare.ask(name(i)); }},
      {"patch approve", [&](int i) { bare.approve(name(i)); }},
      {"create rolebindings", [&](int i) { bare.bind(name(i)); }},
      {"patch status active", [&](int i) { bare.set_phase(name(i), "Active"); }},
      {"delete rolebindings", [&](int i) { bare.unbind(name(i)); }},
      {"patch status ended", [&](int i) { bare.set_phase(name(i), "Revoked"); }}};
  double life = 0;
  for (const auto& [what, write] : writes)
    life += found.figures["bare " + what + "_ms"] = cpu_of(arena, kLives, {}, write);
  bare.clear();
  return life;
}

// What Curfew has written for request "sample" of the place, in this phase.
Sample sample_at(Arena& arena, const std::string& place, const std::string& phase) {
  arena.await_phase(place, "sample", phase);
  arena.controller.await_quiet();
  return {arena, place, "sample"};
}

struct Written {
  Sample pending;
  Sample active;
  Sample ended;
};

// Each write of a life, one kind after the other, for many requests, as the people and Curfew make them.
void cost_of_writes(Arena& arena, const std::string& place, const Written& written, int count,
                    const std::string& suffix, Figures& found) {
  const std::filesystem::path& profiles = arena.profiles;
  const Sample& active = written.active;
  std::vector<Json> requests(static_cast<std::size_t>(count));
  const auto request = [&](int i) -> const Json& { return requests[static_cast<std::size_t>(i)]; };
  const auto measure = [&](const std::string& what, const std::function<void(int)>& work) {
    std::string file = what;
    std::ranges::replace(file, ' ', '-');
    std::ranges::replace(file, '/', '-');
    found.figures[what + suffix + "_ms"] =
        cpu_of(arena, count, profiles.empty() ? profiles : profiles / (file + ".pb.gz"), work);
  };
  const auto status = [&](int i) { return path_of(kRequests, place, name(i), "status"); };
  measure("create accessrequests",
          [&](int i) { requests[static_cast<std::size_t>(i)] = arena.ask(place, name(i)); });
  measure("create auditrecords",
          [&](int i) { arena.curfew.post(path_of(kRecords), active.record("requested", request(i))); });
  measure("create events",
          [&](int i) { arena.curfew.post(path_of("events", place), active.event(request(i))); });
  measure("patch accessrequests/status pending",
          [&](int i) { arena.curfew.patch(status(i), written.pending.status(request(i))); });
  measure("patch accessrequests approve", [&](int i) { arena.approve(place, name(i)); });
  measure("create rolebindings",
          [&](int i) { arena.curfew.post(path_of(kBindings, place), active.binding(request(i))); });
  measure("patch accessrequests/status active",
          [&](int i) { arena.curfew.patch(status(i), active.status(request(i))); });
  measure("delete rolebindings", [&](int i) {
    const Json binding = active.binding(request(i));
    arena.curfew.remove(path_of(kBindings, place, binding.at("metadata").at("name").get<std::string>()));
  });
  measure("patch accessrequests/status ended",
          [&](int i) { arena.curfew.patch(status(i), written.ended.status(request(i))); });
}

}  // namespace

void cost(Arena& arena, Results& results, int runs) {
  for (int run = 1; run <= runs; ++run) {
    const std::string place = "cost-" + std::to_string(run);
    arena.make_place(place, 1);
    arena.controller.start_and_settle();
    arena.ask(place, "sample");
    const Sample pending = sample_at(arena, place, "Pending");
    arena.approve(place, "sample");
    const Sample active = sample_at(arena, place, "Active");
    arena.revoke(place, "sample");
    const Sample ended = sample_at(arena, place, "Revoked");
    arena.controller.stop();
    const Written written{pending, active, ended};
    Figures found;
    const bool is_profiled = !arena.profiles.empty();
    constexpr int kWrites = 300;
    constexpr int kProfiledWrites = 1500;
    cost_of_writes(arena, place, written, is_profiled ? kProfiledWrites : kWrites, "", found);
    arena.clear_place(place);
    measure_life(arena, place, found);
    arena.clear_place(place);
    found.figures["bare_life_ms"] = bare_life_cpu(arena, place, found);
    if (run == runs && !is_profiled) {
      const WithoutPolicies out(arena);
      arena.clear_place(place);
      cost_of_writes(arena, place, written, kWrites, " unguarded", found);
    }
    found.figures["ratio"] = found.figures["life_ms"] / found.figures["bare_life_ms"];
    results.add("cost", run, found);
  }
}

}  // namespace curfew::bench
