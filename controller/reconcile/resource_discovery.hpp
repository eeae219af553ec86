#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "core/policy/rule_scope.hpp"
#include "kube/client.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// The resources that the API server has, read a group at a time when they are needed. Thread-safe.
class ResourceDiscovery {
 public:
  // What is passed must outlive it.
  ResourceDiscovery(kube::Client& client, const Clock& clock) : client_(client), clock_(clock) {}

  // What is known of the group if that is not older than `max_age`, otherwise what the API server says now.
  // Empty if there is no such group; nullopt if the API server does not say.
  std::optional<core::GroupScopes> group(const std::string& name, std::chrono::seconds max_age,
                                         std::stop_token stop);
  void forget();

 private:
  struct Known {
    core::GroupScopes scopes;
    std::chrono::steady_clock::time_point read_at;
  };

  std::optional<core::GroupScopes> read(const std::string& name, const std::stop_token& stop);
  bool add_version(const std::string& path, core::GroupScopes& scopes, const std::stop_token& stop);

  kube::Client& client_;
  const Clock& clock_;
  Guarded<std::map<std::string, Known>> groups_;
};

}  // namespace curfew::reconcile
