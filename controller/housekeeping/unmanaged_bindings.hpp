#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "expiry/pending_deletions.hpp"
#include "reconcile/departed_requests.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "records/writer.hpp"
#include "runtime/worker.hpp"
#include "telemetry/metrics.hpp"
#include "util/clock.hpp"

namespace curfew::housekeeping {

// Handles RoleBindings that have our label but no known request. If the name is that of a grant and a Granted
// record exists, the binding is left over from a departed request, and ends with that request. If no record
// shows a grant, its author must have removed the admission policies or have Curfew's own credentials: this
// is recorded, once per binding, and the binding is deleted at once. A binding under another name is recorded
// and left alone, because its owner is unknown.
class UnmanagedBindings {
 public:
  struct Parts {
    records::Writer& audit;
    kube::Client& client;
    kube::Client& endings;
    const reconcile::Stores& stores;
    reconcile::RequestNotes& notes;
    reconcile::DepartedRequests& departed;
    expiry::PendingDeletions& deletions;
    telemetry::Metrics& metrics;
    const Clock& clock;
    // Called with the last known state of a request that is gone or over.
    std::function<void(std::shared_ptr<const api::AccessRequest>)> on_departed;
  };

  explicit UnmanagedBindings(Parts parts) : parts_(std::move(parts)) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  // What a binding with the name of a grant belongs to. One of the first three fields is set.
  struct Grant {
    bool is_somebodys = false;                           // the binding is gone, or its request is live
    std::shared_ptr<const api::AccessRequest> departed;  // the departed request that it is left over from
    std::string difference;                              // why it belongs to no grant
    bool is_unrecorded = false;                          // because no AuditRecord tells of one
  };
  Result<Grant> look_up(const api::RoleBinding& binding, const std::string& request_uid,
                        std::stop_token stop) const;
  // The record is named after `request`, or after the binding's own UID if that is null.
  Result<void> record_tampering(const api::RoleBinding& binding, const api::AccessRequest* request,
                                std::string message, std::stop_token stop) const;
  std::shared_ptr<const api::AccessRequest> live_request(const std::string& request_uid) const;
  runtime::Outcome retry(std::string_view what, const api::ObjectKey& key, const Error& error) const;

  const Parts parts_;
};

}  // namespace curfew::housekeeping
