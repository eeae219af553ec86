#pragma once

#include <string>
#include <thread>

#include "api/coordination.hpp"
#include "app/config.hpp"
#include "app/lease_store.hpp"
#include "kube/client.hpp"
#include "kube/store.hpp"
#include "kube/watches.hpp"
#include "runtime/leader_elector.hpp"
#include "util/clock.hpp"

namespace curfew::app {

// The elector on Lease curfew, with its thread and its watch.
class Election {
 public:
  // Client and clock must outlive it. `identity` as for runtime::LeaderElector.
  Election(kube::Client& client, const Clock& clock, const Config& config, const std::string& identity,
           runtime::ElectionCallbacks callbacks);

  // The elector also watches the Lease: other replicas' changes are seen before its next retry.
  void add_watch(kube::Watches& watches);
  void start();
  void stop() { thread_ = {}; }  // releases the Lease if this replica holds it

  bool is_leader() const { return elector_.is_leader(); }            // as LeaderElector
  bool is_sole_leader() const { return elector_.is_sole_leader(); }  // as LeaderElector

 private:
  const std::string ns_;
  ClientLeaseStore lease_store_;
  runtime::LeaderElector elector_;
  kube::Store<api::Lease> leases_;
  std::jthread thread_;  // last: it uses the other members
};

}  // namespace curfew::app
