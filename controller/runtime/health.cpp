#include "runtime/health.hpp"

#include <exception>
#include <string_view>

namespace curfew::runtime {
namespace {

std::optional<std::string> outcome_of(const Health::Check& check) {
  try {
    return check();
  } catch (const std::exception& e) {
    return std::string("the check itself failed: ") + e.what();
  }
}

// Callers pass a copy of the checks, which run without the lock.
Health::Report run(const std::vector<std::pair<std::string, Health::Check>>& checks, std::string_view title) {
  Health::Report report;
  for (const auto& [name, check] : checks) {
    const auto trouble = outcome_of(check);
    report.ok = report.ok && !trouble;
    report.text += trouble ? "[-]" + name + " failed: " + *trouble + "\n" : "[+]" + name + " ok\n";
  }
  report.text += std::string(title) + (report.ok ? " check passed\n" : " check failed\n");
  return report;
}

}  // namespace

void Health::add_live_check(std::string name, Check check) {
  live_.with([&](Checks& checks) { checks.emplace_back(std::move(name), std::move(check)); });
}

void Health::add_ready_check(std::string name, Check check) {
  ready_.with([&](Checks& checks) { checks.emplace_back(std::move(name), std::move(check)); });
}

Health::Report Health::live() const {
  return run(live_.with([](const Checks& checks) { return checks; }), "healthz");
}

Health::Report Health::ready() const {
  return run(ready_.with([](const Checks& checks) { return checks; }), "readyz");
}

}  // namespace curfew::runtime
