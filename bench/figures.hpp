#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace curfew::bench {

// The nearest-rank percentile, with `share` from 0 to 1; the result is one of the values. Throws if there are
// none.
double percentile(std::vector<double> values, double share);

// The result of one run of one benchmark; the names contain the units.
struct Figures {
  std::map<std::string, double> figures;
  std::map<std::string, std::vector<double>> samples;
};

// A file with one line of JSON per result, {"benchmark", "run", "figures", "samples"}, which bench/report
// reads.
class Results {
 public:
  // Appends to the file.
  explicit Results(const std::filesystem::path& file);
  // The first line of a file: {"machine": ...}.
  void describe(const nlohmann::json& machine);
  // Also prints the figures to standard output.
  void add(const std::string& benchmark, int run, const Figures& found);

 private:
  std::ofstream file_;
};

}  // namespace curfew::bench
