#pragma once

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "guard/watch.hpp"
#include "unit/runtime/manual_clock.hpp"

namespace curfew::testing {

// A cluster with two guard objects, which tests change as users would.
class GuardedCluster {
 public:
  using Json = nlohmann::json;
  static constexpr const char* kPolicy = "ValidatingAdmissionPolicy/one";
  static constexpr const char* kBinding = "ValidatingAdmissionPolicyBinding/one";

  static guard::GuardSpecs shipped() {
    return {{kPolicy, {{"failurePolicy", "Fail"}, {"validations", {{{"expression", "a"}}}}}},
            {kBinding, {{"policyName", "one"}}}};
  }

  ManualClock clock;
  int changes = 0;
  guard::GuardWatch watch{shipped, clock, [this] { ++changes; }};

  void install(std::chrono::seconds age = std::chrono::hours(1)) {
    made_ = clock.now() - age;
    put(kPolicy, "uid-p", 1, shipped().at(kPolicy));
    put(kBinding, "uid-b", 1, shipped().at(kBinding));
  }
  void put(const std::string& id, const std::string& uid, std::int64_t generation, const Json& spec) {
    const Json metadata{{"name", name_of(id)},
                        {"uid", uid},
                        {"generation", generation},
                        {"creationTimestamp", format_rfc3339(made_)}};
    const auto object = watch.decode(kind_of(id), {{"metadata", metadata}, {"spec", spec}});
    REQUIRE(object);
    watch.observe(kind_of(id), name_of(id), std::make_shared<const guard::GuardObject>(*object));
  }
  void remove(const std::string& id) { watch.observe(kind_of(id), name_of(id), nullptr); }

 private:
  static std::string kind_of(const std::string& id) { return id.substr(0, id.find('/')); }
  static std::string name_of(const std::string& id) { return id.substr(id.find('/') + 1); }
  TimePoint made_{};
};

}  // namespace curfew::testing
