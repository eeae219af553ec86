#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller.hpp"
#include "lifecycle.hpp"
#include "storm_audit.hpp"

namespace curfew::test {

// Replicas that die and come back, and when each was out: from its death until it says that it is ready.
class Fleet {
 public:
  // A lease of three seconds, so that nobody waits fifteen after each death.
  static std::vector<std::string> lease_flags();
  // After it, a replica that is well leads again: the lease, the longest wait of a candidate, and a second
  // for a slow machine.
  static constexpr milliseconds kTakeover{3000 + 2200 + 1000};

  Fleet(const Cluster& cluster, std::size_t replicas)
      : cluster_(cluster), replicas_(replicas), outages_(replicas, kTakeover) {}
  ~Fleet();  // gives the lease back, for the next test

  std::size_t size() const { return replicas_.size(); }
  // Starts that replica, as another process than before. One that crashed fails the test.
  void start(std::size_t replica, std::vector<std::string> flags = lease_flags(),
             const std::filesystem::path& kubeconfig = {});
  void kill(std::size_t replica);       // SIGKILL
  void terminate(std::size_t replica);  // SIGTERM, which has to work
  // Notes which replicas are ready again; a process that ended by itself fails the test. To be called every
  // few milliseconds.
  void look();
  // Looks until all are ready.
  void await_ready(milliseconds patience);
  bool is_ready(std::size_t replica) const { return !replicas_.at(replica).down_since; }
  std::optional<std::size_t> leader() const;
  const Controller& operator[](std::size_t replica) const { return *replicas_.at(replica).controller; }

  // What is out in another way than by death.
  void add_outage(std::size_t replica, const Span& span) { outages_.add(replica, span); }
  void add_trouble(const Span& span) { outages_.add_trouble(span); }
  // Those so far.
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

// What a process holds.
struct Holdings {
  long rss_kib = 0;
  long descriptors = 0;
  long threads = 0;
};
Holdings holdings_of(pid_t pid);

}  // namespace curfew::test
