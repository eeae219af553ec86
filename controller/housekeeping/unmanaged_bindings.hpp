#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "audit/writer.hpp"
#include "reconcile/memory.hpp"
#include "reconcile/stores.hpp"
#include "runtime/metrics.hpp"
#include "runtime/worker.hpp"
#include "util/clock.hpp"

namespace curfew::housekeeping {

// RoleBindings that have our label, and whose request is not known. With the name of a grant, it is what is
// left of one whose request is gone, as its Granted record says, and ends as that request's; or nothing says
// that it was granted: only somebody can make it who has taken the admission policies away, or has Curfew's
// own credentials. That is recorded, once each, and it is ended at once. One under a name of its own is
// recorded and left alone, since whose it is is not known.
class UnmanagedBindings {
 public:
  struct Parts {
    audit::Writer& audit;
    kube::Client& client;
    kube::Client& endings;
    const reconcile::Stores& stores;
    reconcile::Memory& memory;
    expiry::PendingDeletions& deletions;
    runtime::Metrics& metrics;
    const Clock& clock;
    std::function<void(std::shared_ptr<const api::AccessRequest>)>
        departed;  // for a request that is gone or over: its last known state
  };

  explicit UnmanagedBindings(Parts parts) : parts_(parts) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  // What a binding with the name of a grant is. Exactly one of these is set.
  struct Grant {
    bool is_somebodys = false;                           // it is gone, or its request is there
    std::shared_ptr<const api::AccessRequest> departed;  // it is what is left of that one's
    std::string difference;                              // why it is nobody's
  };
  Result<Grant> look_up(const api::RoleBinding& binding, const std::string& request_uid,
                        std::stop_token stop) const;
  // `request`: among whose records it is told; null: under the binding's own UID.
  Result<void> record_tampering(const api::RoleBinding& binding, const api::AccessRequest* request,
                                std::string message, std::stop_token stop) const;
  std::shared_ptr<const api::AccessRequest> live_request(const std::string& request_uid) const;
  runtime::Outcome retry(std::string_view what, const api::ObjectKey& key, const Error& error) const;

  const Parts parts_;
};

}  // namespace curfew::housekeeping
