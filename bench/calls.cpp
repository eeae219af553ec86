// The cost of a request for the API server: the controller's calls, from the audit log; and the latency that
// the admission policies add to requests and decisions.
#include <fstream>
#include <stdexcept>
#include <thread>

#include "benchmarks.hpp"
#include "watcher.hpp"
#include "without_policies.hpp"

namespace curfew::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kLives = 50;
constexpr int kDecisions = 200;
constexpr int kPolicies = 10;

// Such as "create auditrecords" or "patch accessrequests/status"; empty if the call does not belong to a
// request.
std::string kind_of_call(const Json& entry) {
  const Json object = entry.value("objectRef", Json::object());
  std::string what = object.value("resource", "");
  const std::string verb = entry.value("verb", "");
  if (object.contains("subresource")) what += "/" + object["subresource"].get<std::string>();
  if (what == "leases" || what == "accesspolicies/status" || verb == "watch") return {};
  return verb + " " + what;
}

std::map<std::string, double> calls_since(const Arena& arena, TimePoint since) {
  const std::string self = "system:serviceaccount:curfew-system:curfew";
  std::map<std::string, double> counts;
  std::ifstream log(arena.state() / "logs" / "audit.log");
  if (!log) throw std::runtime_error("there is no audit log in " + arena.state().string());
  for (std::string line; std::getline(log, line);) {
    if (line.find(self) == std::string::npos) continue;
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object() || entry.at("user").value("username", "") != self ||
        entry.value("stage", "") != "ResponseComplete")
      continue;
    const auto when = parse_rfc3339(entry.at("requestReceivedTimestamp").get<std::string>());
    const std::string kind = kind_of_call(entry);
    if (when && *when >= since && !kind.empty()) ++counts[kind];
  }
  return counts;
}

bool is_read(const std::string& call) {
  return call.starts_with("get ") || call.starts_with("list ");
}

struct Took {
  std::vector<double> create;
  std::vector<double> approve;
};

Took ask_and_approve(Arena& arena, const std::string& place, const std::string& prefix) {
  Took took;
  for (int i = 0; i < kDecisions; ++i) {
    const std::string name = prefix + std::to_string(i);
    const auto began = Steady::now();
    arena.ask(place, name);
    const auto asked = Steady::now();
    arena.approve(place, name);
    took.create.push_back(milliseconds_between(began, asked));
    took.approve.push_back(milliseconds_between(asked, Steady::now()));
  }
  return took;
}

}  // namespace

void calls(Arena& arena, Results& results, int runs) {
  arena.controller.start();
  arena.controller.await_leading();
  for (int run = 1; run <= runs; ++run) {
    const std::string place = "calls-" + std::to_string(run);
    arena.make_place(place, 1);
    arena.controller.await_quiet();
    const auto since = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    Watcher bindings(arena.admin, kBindings, place);
    for (int i = 0; i < kLives; ++i) {
      const std::string name = "life-" + std::to_string(i);
      arena.ask(place, name, {{"duration", "5s"}});
      arena.await_phase(place, name, "Pending");
      arena.approve(place, name);
    }
    bindings.await_all_deleted(kLives, 60s);
    arena.controller.await_quiet();
    Figures found;
    for (const auto& [call, count] : calls_since(arena, since)) {
      found.figures[call] = count / kLives;
      found.figures[is_read(call) ? "reads_per_lifecycle" : "writes_per_lifecycle"] += count / kLives;
    }
    found.figures.try_emplace("reads_per_lifecycle", 0);
    results.add("calls", run, found);
  }
  arena.controller.stop();
}

void admission(Arena& arena, Results& results, int runs) {
  const std::string place = "admission";
  arena.make_place(place, 1);
  for (int i = 1; i < kPolicies; ++i) arena.make_place("policy-" + std::to_string(i), 1);
  for (int run = 1; run <= runs; ++run) {
    const Took with = ask_and_approve(arena, place, "with-");
    const Took without = [&] {
      const WithoutPolicies out(arena);
      return ask_and_approve(arena, place, "without-");
    }();
    arena.clear_place(place);
    Figures found{.samples = {{"with_ms", with.approve}, {"without_ms", without.approve}}};
    found.figures = {{"approve_with_p50_ms", percentile(with.approve, 0.5)},
                     {"approve_without_p50_ms", percentile(without.approve, 0.5)},
                     {"create_with_p50_ms", percentile(with.create, 0.5)},
                     {"create_without_p50_ms", percentile(without.create, 0.5)}};
    found.figures["approve_cost_ms"] =
        found.figures["approve_with_p50_ms"] - found.figures["approve_without_p50_ms"];
    found.figures["create_cost_ms"] =
        found.figures["create_with_p50_ms"] - found.figures["create_without_p50_ms"];
    found.figures["ratio"] = found.figures["approve_with_p50_ms"] / found.figures["approve_without_p50_ms"];
    results.add("admission", run, found);
  }
}

}  // namespace curfew::bench
