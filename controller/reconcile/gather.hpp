#pragma once

#include <optional>
#include <stop_token>

#include "core/input.hpp"
#include "kube/client.hpp"
#include "reconcile/memory.hpp"
#include "reconcile/stores.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Builds the pure input of a decision. Reads stores and memory; asks the API server only about a request that left the selection of live ones
// without this process having completed it.
class Gatherer {
 public:
  Gatherer(const Stores& stores, Memory& memory, kube::Client& client, const Clock& clock, core::Settings settings)
      : stores_(stores), memory_(memory), client_(client), clock_(clock), settings_(settings) {}

  // nullopt: nothing is left to decide about this request.
  Result<std::optional<core::Input>> gather(const api::ObjectKey& key, core::GuardState guard, std::stop_token stop);

 private:
  struct Found {
    std::shared_ptr<const api::AccessRequest> request;  // null: nothing to decide
    bool is_gone = false;
  };
  Result<Found> find_request(const api::ObjectKey& key, std::stop_token stop);
  Result<Found> find_departed(std::shared_ptr<const api::AccessRequest> last_state, std::stop_token stop);
  std::optional<core::RoleFacts> role_facts(const api::RoleRef& role, const std::string& name_space) const;

  const Stores& stores_;
  Memory& memory_;
  kube::Client& client_;
  const Clock& clock_;
  const core::Settings settings_;
};

}  // namespace curfew::reconcile
