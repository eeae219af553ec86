#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/cluster.hpp"
#include "client/seen_requests.hpp"
#include "util/clock.hpp"

namespace curfew::client {

// What every use case depends on: one person's view of one cluster.
struct Session {
  std::shared_ptr<const Cluster> cluster;  // never null
  std::string ns;                          // the chosen namespace; empty: none was chosen
  bool is_cluster_wide = false;            // requests are ClusterAccessRequests
  // Where a ClusterAccessRequest is to ask for access; empty: in the whole cluster.
  std::vector<std::string> namespaces;
  SeenRequests seen;
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  // Blocks this thread for that long.
  std::function<void(std::chrono::milliseconds)> sleep = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
  };

  // The chosen namespace, otherwise the kubeconfig's; empty if `is_cluster_wide`.
  std::string own_namespace() const;
  // "NAME" in own_namespace(), or "NAMESPACE/NAME"; only the former if `is_cluster_wide`.
  api::ObjectKey key_of(const std::string& name) const;

  // Records that this person was shown these requests. A failure to record is not an error.
  void remember(const std::vector<api::AccessRequest>& requests) const;
  void remember(const std::vector<SeenRequest>& requests) const;
  // The UID of the request of this name that this person was shown last; nullopt if none.
  std::optional<std::string> remembered(const api::ObjectKey& key) const;
};

}  // namespace curfew::client
