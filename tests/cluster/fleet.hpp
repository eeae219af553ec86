#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller.hpp"
#include "lifecycle.hpp"
#include "storm_audit.hpp"

namespace curfew::test {

// Replicas that die and restart, and the outages of each: from its death until it reports that it is ready.
class Fleet {
 public:
  // A lease of three seconds, so that a test does not wait fifteen after each death.
  static std::vector<std::string> lease_flags();
  // The time after which a healthy replica leads again: the lease, the longest wait of a candidate, and a
  // second for a slow machine.
  static constexpr milliseconds kTakeover{3000 + 2200 + 1000};

  Fleet(const Cluster& cluster, std::size_t replicas)
      : cluster_(cluster), replicas_(replicas), outages_(replicas, kTakeover) {}
  ~Fleet();  // releases the lease for the next test

  std::size_t size() const { return replicas_.size(); }
  // Starts that replica as a new process; fails the test if the process does not start.
  void start(std::size_t replica, std::vector<std::string> flags = lease_flags(),
             const std::filesystem::path& kubeconfig = {});
  void kill(std::size_t replica);       // SIGKILL
  void terminate(std::size_t replica);  // SIGTERM, which must succeed
  // Records which replicas are ready again; a process that ended by itself fails the test. Call it every few
  // milliseconds.
  void look();
  // Calls look() until all are ready.
  void await_ready(milliseconds patience);
  bool is_ready(std::size_t replica) const { return !replicas_.at(replica).down_since; }
  std::optional<std::size_t> leader() const;
  const Controller& operator[](std::size_t replica) const { return *replicas_.at(replica).controller; }

  // Records an outage other than by death.
  void add_outage(std::size_t replica, const Span& span) { outages_.add(replica, span); }
  void add_trouble(const Span& span) { outages_.add_trouble(span); }
  // The outages so far.
  const Outages& outages() const { return outages_; }

 private:
  struct Replica {
    std::unique_ptr<Controller> controller;
    std::optional<TimePoint> down_since;
  };
  void check_well(const Replica& replica) const;

  const Cluster& cluster_;
  std::vector<Replica> replicas_;
  Outages outages_;
};

// The resources that a process holds.
struct Holdings {
  long rss_kib = 0;
  long descriptors = 0;
  long threads = 0;
};
Holdings holdings_of(pid_t pid);

}  // namespace curfew::test
