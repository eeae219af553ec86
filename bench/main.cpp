#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>

#include "benchmarks.hpp"
#include "http/cpprest_transport.hpp"
#include "util/log.hpp"

namespace {

using namespace curfew::bench;

struct Benchmark {
  std::string name;
  void (*measure)(Arena&, Results&, int runs);
};

const std::array kBenchmarks{
    Benchmark{"grant-latency", grant_latency},
    Benchmark{"grant-burst", grant_burst},
    Benchmark{"end-together", end_together},
    Benchmark{"calls", calls},
    Benchmark{"cost", cost},
    Benchmark{"memory", idle_memory},
    Benchmark{"admission", admission},
    Benchmark{"pending", pending},
    Benchmark{"stored", stored},
};

std::string line_of(const char* file, const std::string& start) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(start)) return line.substr(line.find_first_not_of(" \t:", start.size()));
  }
  return "unknown";
}

nlohmann::json machine(Arena& arena) {
  utsname system{};
  ::uname(&system);
  constexpr double kKibInGib = 1024.0 * 1024.0;
  return {
      {"cpu", line_of("/proc/cpuinfo", "model name")},
      {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
      {"memory_gib", std::lround(std::stod(line_of("/proc/meminfo", "MemTotal")) / kKibInGib)},
      {"kernel", system.release},
      {"kubernetes", arena.admin.get("/version").at("gitVersion")},
      {"curfew", CURFEW_VERSION},
      {"date", curfew::format_rfc3339(curfew::floor_to_second(std::chrono::floor<std::chrono::microseconds>(
                                          std::chrono::system_clock::now())))
                   .substr(0, 10)}};
}

int run(int argc, char** argv) {
  std::string state;
  std::string controller;
  std::string output;
  std::string profiles;
  std::vector<std::string> only;
  int runs = 3;
  Scale scale;
  std::vector<std::string> names;
  names.reserve(kBenchmarks.size());
  for (const Benchmark& each : kBenchmarks) names.push_back(each.name);
  CLI::App cli("Measures Curfew beside the raw API server.", "curfew_bench");
  cli.add_option("--state", state, "The folder of a control plane that tests/cluster/setup has made")
      ->required();
  cli.add_option("--controller", controller, "The program to measure")->required()->check(CLI::ExistingFile);
  cli.add_option("--output", output, "A line of JSON for each result is appended here")->required();
  cli.add_option("--runs", runs, "How often each is measured")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  cli.add_option("--only", only, "Which, in this order")->delimiter(',')->check(CLI::IsMember(names));
  cli.add_option("--pending", scale.pending, "Requests that wait, for \"pending\"")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  cli.add_option("--stored", scale.stored, "Requests that have ended, for \"stored\"")
      ->check(CLI::Range(100, 10'000'000))
      ->capture_default_str();
  cli.add_option("--profiles", profiles,
                 "A folder for profiles of the API server, of each write that \"cost\" measures")
      ->check(CLI::ExistingDirectory);
  CLI11_PARSE(cli, argc, argv);

  curfew::http::initialize_process();
  curfew::log::init(curfew::log::Level::Error);
  Arena arena(state, controller, scale);
  arena.profiles = profiles;
  Results results(output);
  results.describe(machine(arena));
  for (const std::string& name : only.empty() ? names : only) {
    std::ranges::find(kBenchmarks, name, &Benchmark::name)->measure(arena, results, runs);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "curfew_bench: %s\n", error.what());
    return 1;
  }
}
