#pragma once

#include <optional>
#include <stop_token>

#include "core/input.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "limits/request_rate_limiter.hpp"
#include "limits/usage_index.hpp"
#include "reconcile/facts.hpp"
#include "reconcile/memory.hpp"
#include "reconcile/stores.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Builds the pure input of a decision. Reads stores and memory; asks the API server only about a request that
// left the selection of live ones without this process having completed it, about a binding that left the
// selection of managed ones without this process having deleted it, or lost its owner, for the record of a
// binding that is there before it should be, for a Role whose name a policy has just begun to offer, for a
// person's ended grants where a policy has a cooldown, and for earlier requests of the same name where one
// has a startTime or its policy says limits.onceByName.
class Gatherer {
 public:
  struct Parts {
    const Stores& stores;
    limits::UsageIndex& usage;
    limits::RequestRateLimiter& floods;
    Memory& memory;
    const expiry::PendingDeletions& deletions;
    kube::Client& client;
    const Clock& clock;
    core::Settings settings = {};
    BelievesPolicy believes = believe_every_policy;
  };

  explicit Gatherer(const Parts& parts) : parts_(parts) {}

  // nullopt: nothing is left to decide about this request.
  Result<std::optional<core::Input>> gather(const api::ObjectKey& key, core::GuardState guard,
                                            std::stop_token stop);

 private:
  struct Found {
    std::shared_ptr<const api::AccessRequest> request;  // null: nothing to decide
    bool is_gone = false;
  };
  Result<void> find_earlier(core::Input& input, const std::stop_token& stop);
  void look_at_decisions(core::Input& input) const;
  Result<void> find_role(core::Input& input, std::stop_token stop);
  Result<void> find_binding(core::Input& input, std::stop_token stop);
  Result<void> look_at_owner(core::Input& input, std::stop_token stop);
  Result<void> find_granted_record(core::Input& input, std::stop_token stop);
  Result<void> find_end_record(core::Input& input, std::stop_token stop);
  Result<std::optional<api::AuditRecord>> stored_record(const std::string& uid, api::AuditAction action,
                                                        std::stop_token stop);
  Result<Found> find_request(const api::ObjectKey& key, std::stop_token stop);
  Result<Found> find_departed(std::shared_ptr<const api::AccessRequest> last_state, std::stop_token stop);

  const Parts parts_;
};

}  // namespace curfew::reconcile
