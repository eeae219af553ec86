#include "without_policies.hpp"

#include <cstdio>
#include <stdexcept>
#include <thread>

namespace curfew::bench {
namespace {

constexpr std::string_view kAdmission = "/apis/admissionregistration.k8s.io/v1/";
constexpr std::chrono::seconds kUntilNoticed{3};

}  // namespace

WithoutPolicies::WithoutPolicies(Arena& arena) : arena_(arena) {
  for (const char* plural : {"validatingadmissionpolicybindings", "mutatingadmissionpolicybindings"}) {
    const std::string target = std::string(kAdmission).append(plural);
    const Json list = arena.admin.get(target);
    for (const Json& binding : list.at("items")) {
      const auto name = binding.at("metadata").at("name").get<std::string>();
      if (name.find("curfew") == std::string::npos) continue;
      arena.admin.remove(std::string(target).append("/").append(name));
      taken_.emplace_back(target, as_sent(binding));
    }
  }
  if (taken_.empty()) throw std::runtime_error("Curfew's admission policies are not installed");
  std::this_thread::sleep_for(kUntilNoticed);
}

WithoutPolicies::~WithoutPolicies() {
  try {
    for (const auto& [target, binding] : taken_) arena_.admin.post(target, binding);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "curfew_bench: Curfew's admission policies are not back: %s\n", error.what());
  }
  std::this_thread::sleep_for(kUntilNoticed);
}

}  // namespace curfew::bench
