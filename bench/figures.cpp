#include "figures.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace curfew::bench {
namespace {

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

}  // namespace

double percentile(std::vector<double> values, double share) {
  if (values.empty()) throw std::runtime_error("there is no percentile of nothing");
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

Results::Results(const std::filesystem::path& file) : file_(file, std::ios::app) {
  if (!file_) throw std::runtime_error("cannot write " + file.string());
}

void Results::describe(const nlohmann::json& machine) {
  file_ << nlohmann::json{{"machine", machine}}.dump() << std::endl;
}

void Results::add(const std::string& benchmark, int run, const Figures& found) {
  nlohmann::json line{{"benchmark", benchmark},
                      {"run", run},
                      {"figures", nlohmann::json::object()},
                      {"samples", nlohmann::json::object()}};
  std::string said;
  for (const auto& [name, value] : found.figures) {
    line["figures"][name] = rounded(value);
    said += "  " + name + " " + nlohmann::json(rounded(value)).dump();
  }
  for (const auto& [name, values] : found.samples) {
    for (const double value : values) line["samples"][name].push_back(rounded(value));
  }
  file_ << line.dump() << std::endl;
  std::printf("%s, run %d:%s\n", benchmark.c_str(), run, said.c_str());
  std::fflush(stdout);
}

}  // namespace curfew::bench
