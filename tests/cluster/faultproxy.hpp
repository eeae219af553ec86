#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/cluster.hpp"
#include "util/time.hpp"

namespace curfew::test {

// tests/cluster/faultproxy, in front of the cluster's API server. Ends when this goes out of scope.
class FaultProxy {
 public:
  explicit FaultProxy(const Cluster& cluster);

  // For the controller that is to go through it.
  std::filesystem::path kubeconfig() const { return folder_ / "kubeconfig"; }
  // What the proxy has printed, for the message of a test that fails.
  std::string errors() const { return child_->log(); }
  // {"fault": NAME, ...}, as the program describes them; in force when this returns.
  void set(const Json& control) const;
  // Requests that have come through since that time.
  int requests_since(TimePoint time) const;

 private:
  std::filesystem::path folder_;
  std::optional<Child> child_;
};

}  // namespace curfew::test
