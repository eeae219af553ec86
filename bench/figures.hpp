#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace curfew::bench {

// The value below which that share of them lies, 0 to 1: one of them. Throws where there are none.
double percentile(std::vector<double> values, double share);

// What one benchmark found in one run; units are in the names.
struct Figures {
  std::map<std::string, double> figures;
  std::map<std::string, std::vector<double>> samples;
};

// A file with a line of JSON for each: {"benchmark", "run", "figures", "samples"}, which bench/report reads.
class Results {
 public:
  // Appends.
  explicit Results(const std::filesystem::path& file);
  // The first line of a file: {"machine": ...}.
  void describe(const nlohmann::json& machine);
  // Also says so on standard output.
  void add(const std::string& benchmark, int run, const Figures& found);

 private:
  std::ofstream file_;
};

}  // namespace curfew::bench
