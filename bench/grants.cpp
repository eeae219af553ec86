// How fast Curfew grants what is approved, compared with a client that makes the same writes without any
// decision.
#include <algorithm>
#include <future>
#include <thread>

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
      if (writes == Writes::RecordsAndBinding) {
        arena.curfew.post(path_of(kRecords), sample.record("approved-0", request));
        arena.curfew.post(path_of(kRecords), sample.record("granted", request));
      }
      arena.curfew.post(path_of(kBindings, place), sample.binding(request));
    });
    const auto sent = Steady::now();
    arena.approve(place, name_of(request));
    reactor.get();
    took.push_back(milliseconds_between(sent, bindings.await_added(binding_of(request)).steady));
    std::this_thread::sleep_for(kPause);
  }
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

// Seconds from the first approval until each binding was seen.
std::vector<double> burst(Arena& arena, const std::string& place, const std::function<void(int)>& work) {
  Watcher bindings(arena.admin, kBindings, place);
  const auto began = Steady::now();
  in_parallel(kBurst, kApprovers, work);
  std::vector<double> seconds;
  for (const Seen& seen : bindings.await_all_added(kBurst, std::chrono::seconds(120)))
    seconds.push_back(milliseconds_between(began, seen.steady) / 1000);
  std::ranges::sort(seconds);
  return seconds;
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
    arena.controller.start_and_settle();
    const auto real = through_curfew(arena, place, ask_many(arena, place, "real-", kOneByOne));
    arena.controller.await_quiet();
    arena.controller.stop();
    arena.clear_place(place);
    Figures found{.samples = {{"raw_ms", raw}, {"curfew_ms", real}}};
    found.figures = {{"raw_short_p50_ms", percentile(shorter, 0.5)},
                     {"raw_p50_ms", percentile(raw, 0.5)},
                     {"raw_p99_ms", percentile(raw, 0.99)},
                     {"curfew_p50_ms", percentile(real, 0.5)},
                     {"curfew_p99_ms", percentile(real, 0.99)}};
    found.figures["ratio_p50"] = found.figures["curfew_p50_ms"] / found.figures["raw_p50_ms"];
    found.figures["ratio_p99"] = found.figures["curfew_p99_ms"] / found.figures["raw_p99_ms"];
    results.add("grant-latency", run, found);
  }
}

void grant_burst(Arena& arena, Results& results, int runs) {
  for (int run = 1; run <= runs; ++run) {
    const std::string place = "burst-" + std::to_string(run);
    arena.make_place(place, 1);
    arena.controller.start_and_settle();
    const Sample sample = take_sample(arena, place);
    const auto for_raw = ask_many(arena, place, "raw-", kBurst);
    arena.controller.stop();
    const auto raw = burst(arena, place, [&](int i) {
      const Json& request = for_raw[static_cast<std::size_t>(i)];
      arena.approve(place, name_of(request));
      arena.curfew.post(path_of(kRecords), sample.record("granted", request));
      arena.curfew.post(path_of(kBindings, place), sample.binding(request));
      arena.curfew.patch(path_of(kRequests, place, name_of(request), "status"), sample.status(request));
    });
    arena.clear_place(place);
    arena.controller.start_and_settle();
    const auto for_real = ask_many(arena, place, "real-", kBurst);
    const auto real = burst(
        arena, place, [&](int i) { arena.approve(place, name_of(for_real[static_cast<std::size_t>(i)])); });
    arena.controller.await_quiet();
    arena.controller.stop();
    arena.clear_place(place);
    const double raw_rate = kBurst / raw.back();
    const double real_rate = kBurst / real.back();
    results.add(
        "grant-burst", run,
        {.figures = {{"raw_per_s", raw_rate}, {"curfew_per_s", real_rate}, {"ratio", real_rate / raw_rate}},
         .samples = {{"raw_done_s", raw}, {"curfew_done_s", real}}});
  }
}

}  // namespace curfew::bench
