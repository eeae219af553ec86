#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/cluster.hpp"
#include "util/time.hpp"

namespace curfew::test {

// tests/cluster/faultproxy, in front of the cluster's API server. The destructor ends it.
class FaultProxy {
 public:
  explicit FaultProxy(const Cluster& cluster);

  // For a controller that connects through the proxy.
  std::filesystem::path kubeconfig() const { return folder_ / "kubeconfig"; }
  // The output of the proxy, for the message of a failed test.
  std::string errors() const { return child_->log(); }
  // {"fault": NAME, ...}, as the program describes them; in force when this returns.
  void set(const Json& control) const;
  // The number of requests that have arrived since `time`.
  int requests_since(TimePoint time) const;

 private:
  std::filesystem::path folder_;
  std::optional<Child> child_;
};

}  // namespace curfew::test
