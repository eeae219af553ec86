// How fast Curfew grants what is approved, compared with a client that makes the same writes without any
// decision.
#include <algorithm>
#include <future>
#include <thread>

#include "bare.hpp"
#include "benchmarks.hpp"
#include "sample.hpp"
#include "watcher.hpp"

namespace curfew::bench {
namespace {

constexpr int kOneByOne = 200;
constexpr int kBurst = 1000;
constexpr int kApprovers = 16;
// Between approvals, so that the writes that follow a grant, such as the status, end before the next
// approval.
constexpr std::chrono::milliseconds kPause{50};

std::string binding_of(const Json& request) {
  return "curfew-" + request.at("metadata").at("uid").get<std::string>();
}

// Creates `count` requests and waits until Curfew has processed all of them and awaits the approvals.
std::vector<Json> ask_many(Arena& arena, const std::string& place, const std::string& prefix, int count) {
  std::vector<Json> requests(static_cast<std::size_t>(count));
  in_parallel(count, kApprovers, [&](int i) {
    requests[static_cast<std::size_t>(i)] = arena.ask(place, prefix + std::to_string(i));
  });
  arena.controller.await_quiet();
  return requests;
}

// Grants one request to record what Curfew writes.
Sample take_sample(Arena& arena, const std::string& place) {
  arena.ask(place, "sample");
  arena.await_phase(place, "sample", "Pending");
  arena.approve(place, "sample");
  arena.await_phase(place, "sample", "Active");
  return Sample(arena, place, "sample");
}

std::string name_of(const Json& request) {
  return request.at("metadata").at("name").get<std::string>();
}

enum class Writes { BindingOnly, RecordsAndBinding };

// Milliseconds from sending an approval until a watch shows the binding. A client that sees the approval in
// another watch writes the binding at once, without any check.
std::vector<double> raw_chain(Arena& arena, const std::string& place, const Sample& sample,
                              const std::vector<Json>& requests, Writes writes) {
  Watcher approvals(arena.curfew, kRequests, place);
  Watcher bindings(arena.admin, kBindings, place);
  std::vector<double> took;
  for (const Json& request : requests) {
    auto reactor = std::async(std::launch::async, [&] {
      approvals.await_modified(name_of(request));
      const bool with_records = writes == Writes::RecordsAndBinding;
      if (with_records) arena.curfew.post(path_of(kRecords), sample.record("approved-0", request));
      arena.curfew.post(path_of(kBindings, place), sample.binding(request));
      if (with_records) arena.curfew.post(path_of(kRecords), sample.record("granted", request));
    });
    const auto sent = Steady::now();
    arena.approve(place, name_of(request));
    reactor.get();
    took.push_back(milliseconds_between(sent, bindings.await_added(binding_of(request)).steady));
    std::this_thread::sleep_for(kPause);
  }
  return took;
}

// The same for a kind, a binding and clients that have nothing to do with Curfew.
std::vector<double> bare_chain(Arena& arena, const std::string& place) {
  BareChain bare(arena, place);
  for (int i = 0; i < kOneByOne; ++i) bare.ask("bare-" + std::to_string(i));
  std::vector<double> took;
  {
    Watcher approvals(arena.admin, kBare, place);
    Watcher bindings(arena.admin, kBindings, place);
    for (int i = 0; i < kOneByOne; ++i) {
      const std::string name = "bare-" + std::to_string(i);
      auto reactor = std::async(std::launch::async, [&] {
        approvals.await_modified(name);
        bare.bind(name);
        bare.set_phase(name, "Active");
      });
      const auto sent = Steady::now();
      bare.approve(name);
      took.push_back(milliseconds_between(sent, bindings.await_added(name).steady));
      reactor.get();
      std::this_thread::sleep_for(kPause);
    }
  }
  bare.clear();
  return took;
}

std::vector<double> through_curfew(Arena& arena, const std::string& place,
                                   const std::vector<Json>& requests) {
  Watcher bindings(arena.admin, kBindings, place);
  std::vector<double> took;
  for (const Json& request : requests) {
    const auto sent = Steady::now();
    arena.approve(place, name_of(request));
    took.push_back(milliseconds_between(sent, bindings.await_added(binding_of(request)).steady));
    std::this_thread::sleep_for(kPause);
  }
  return took;
}

struct Burst {
  std::vector<double> seconds;  // from the first call until each binding was seen, in order
  double cpu_ms = 0;            // of the API server, for each grant, until the controller was quiet again

  double per_second() const { return static_cast<double>(seconds.size()) / seconds.back(); }
};

// Where the bindings of a burst are seen, and how many in each.
using Expected = std::map<std::pair<std::string_view, std::string>, std::size_t>;

// work(i) for i in [0, kBurst), by 16 at once.
Burst burst(Arena& arena, const Expected& expected, const std::function<void(int)>& work,
            bool is_controller_running) {
  Burst result;
  std::vector<std::unique_ptr<Watcher>> watchers;
  watchers.reserve(expected.size());
  for (const auto& [where, count] : expected)
    watchers.push_back(std::make_unique<Watcher>(arena.admin, where.first, where.second));
  const double cpu = arena.api_server_cpu_seconds();
  const auto began = Steady::now();
  in_parallel(kBurst, kApprovers, work);
  for (std::size_t i = 0; const auto& [where, count] : expected) {
    for (const Seen& seen : watchers[i++]->await_all_added(count, std::chrono::seconds(120)))
      result.seconds.push_back(milliseconds_between(began, seen.steady) / 1000);
  }
  if (is_controller_running) arena.controller.await_quiet();
  result.cpu_ms = (arena.api_server_cpu_seconds() - cpu) * 1000 / kBurst;
  std::ranges::sort(result.seconds);
  return result;
}

Burst bare_burst(Arena& arena, const std::string& place) {
  BareChain bare(arena, place);
  in_parallel(kBurst, kApprovers, [&](int i) { bare.ask("bare-" + std::to_string(i)); });
  Burst result = burst(
      arena, {{{kBindings, place}, kBurst}},
      [&](int i) {
        const std::string name = "bare-" + std::to_string(i);
        bare.approve(name);
        bare.bind(name);
        bare.set_phase(name, "Active");
      },
      false);
  bare.clear();
  return result;
}

// Half of the requests are for cluster-wide access.
Burst burst_of_both_scopes(Arena& arena, const std::string& place) {
  in_parallel(kBurst, kApprovers, [&](int i) {
    const std::string name = place + "-" + std::to_string(i);
    i % 2 == 0 ? arena.ask(place, name) : arena.ask_cluster(place + "-cluster", name);
  });
  arena.controller.await_quiet();
  return burst(
      arena, {{{kBindings, place}, kBurst / 2}, {{kClusterBindings, ""}, kBurst / 2}},
      [&](int i) { arena.approve(i % 2 == 0 ? place : "", place + "-" + std::to_string(i)); }, true);
}

}  // namespace

void grant_latency(Arena& arena, Results& results, int runs) {
  for (int run = 1; run <= runs; ++run) {
    const std::string place = "latency-" + std::to_string(run);
    arena.make_place(place, 1);
    arena.controller.start_and_settle();
    const Sample sample = take_sample(arena, place);
    const auto for_short = ask_many(arena, place, "short-", kOneByOne);
    const auto for_raw = ask_many(arena, place, "raw-", kOneByOne);
    arena.controller.stop();
    const auto shorter = raw_chain(arena, place, sample, for_short, Writes::BindingOnly);
    const auto raw = raw_chain(arena, place, sample, for_raw, Writes::RecordsAndBinding);
    arena.clear_place(place);
    const auto bare = bare_chain(arena, place);
    arena.controller.start_and_settle();
    const auto real = through_curfew(arena, place, ask_many(arena, place, "real-", kOneByOne));
    arena.controller.await_quiet();
    arena.controller.stop();
    arena.clear_place(place);
    Figures found{.samples = {{"bare_ms", bare}, {"raw_ms", raw}, {"curfew_ms", real}}};
    found.figures = {{"raw_short_p50_ms", percentile(shorter, 0.5)}, {"raw_p50_ms", percentile(raw, 0.5)},
                     {"raw_p99_ms", percentile(raw, 0.99)},          {"bare_p50_ms", percentile(bare, 0.5)},
                     {"bare_p99_ms", percentile(bare, 0.99)},        {"curfew_p50_ms", percentile(real, 0.5)},
                     {"curfew_p99_ms", percentile(real, 0.99)}};
    found.figures["ratio_p50"] = found.figures["curfew_p50_ms"] / found.figures["raw_p50_ms"];
    found.figures["ratio_p99"] = found.figures["curfew_p99_ms"] / found.figures["raw_p99_ms"];
    found.figures["bare_ratio_p50"] = found.figures["curfew_p50_ms"] / found.figures["bare_p50_ms"];
    found.figures["bare_ratio_p99"] = found.figures["curfew_p99_ms"] / found.figures["bare_p99_ms"];
    results.add("grant-latency", run, found);
  }
}

void grant_burst(Arena& arena, Results& results, int runs) {
  for (int run = 1; run <= runs; ++run) {
    const std::string place = "burst-" + std::to_string(run);
    const Expected expected{{{kBindings, place}, kBurst}};
    arena.make_place(place, 1);
    arena.make_cluster_place(place + "-cluster", 1);
    arena.controller.start_and_settle();
    const Sample sample = take_sample(arena, place);
    const auto for_raw = ask_many(arena, place, "raw-", kBurst);
    arena.controller.stop();
    const auto write_raw = [&](int i) {
      const Json& request = for_raw[static_cast<std::size_t>(i)];
      arena.approve(place, name_of(request));
      arena.curfew.post(path_of(kRecords), sample.record("granted", request));
      arena.curfew.post(path_of(kBindings, place), sample.binding(request));
      arena.curfew.patch(path_of(kRequests, place, name_of(request), "status"), sample.status(request));
    };
    const Burst raw = burst(arena, expected, write_raw, false);
    arena.clear_place(place);
    const Burst bare = bare_burst(arena, place);
    arena.controller.start_and_settle();
    const auto for_real = ask_many(arena, place, "real-", kBurst);
    const auto approve = [&](int i) { arena.approve(place, name_of(for_real[static_cast<std::size_t>(i)])); };
    const Burst real = burst(arena, expected, approve, true);
    arena.clear_place(place);
    arena.controller.await_quiet();
    const Burst both = burst_of_both_scopes(arena, place);
    arena.controller.stop();
    arena.clear_place(place);
    arena.clear_place("");
    results.add(
        "grant-burst", run,
        {.figures = {{"raw_per_s", raw.per_second()},
                     {"bare_per_s", bare.per_second()},
                     {"curfew_per_s", real.per_second()},
                     {"ratio", real.per_second() / raw.per_second()},
                     {"bare_ratio", real.per_second() / bare.per_second()},
                     {"both_scopes_per_s", both.per_second()},
                     {"both_scopes_ratio", both.per_second() / raw.per_second()},
                     {"bare_api_server_cpu_ms", bare.cpu_ms},
                     {"raw_api_server_cpu_ms", raw.cpu_ms},
                     {"api_server_cpu_ms", real.cpu_ms},
                     {"api_server_cpu_ratio", real.cpu_ms / bare.cpu_ms}},
         .samples = {
             {"bare_done_s", bare.seconds}, {"raw_done_s", raw.seconds}, {"curfew_done_s", real.seconds}}});
  }
}

}  // namespace curfew::bench
