#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "expiry/pending_deletions.hpp"
#include "housekeeping/audit_backfill.hpp"
#include "housekeeping/retention.hpp"
#include "housekeeping/unmanaged_bindings.hpp"
#include "kube/client.hpp"
#include "reconcile/requests.hpp"
#include "reconcile/stores.hpp"
#include "records/writer.hpp"
#include "telemetry/metrics.hpp"
#include "util/clock.hpp"
#include "util/threads.hpp"

namespace curfew::housekeeping {

// What the leader does besides deciding: ends that were not recorded, bindings of no known request, the
// deletion of completed requests.
class Housekeeping {
 public:
  struct Parts {
    kube::Client& client;
    kube::Client& endings;  // for calls that end access; exempt from the in-flight limit
    records::Writer& audit;
    const reconcile::Stores& stores;
    reconcile::Requests& requests;
    expiry::PendingDeletions& deletions;
    telemetry::Metrics& metrics;
    const Clock& clock;
    std::chrono::seconds keep;  // how long completed requests are kept
    std::function<bool()> is_leading;
  };

  explicit Housekeeping(const Parts& parts);

  void start();
  void request_stop() { thread_.request_stop(); }
  void stop() { thread_.stop(); }

  AuditBackfill& backfill() { return backfill_; }
  Retention& retention() { return retention_; }
  UnmanagedBindings& unmanaged_bindings() { return unmanaged_bindings_; }

 private:
  AuditBackfill backfill_;
  Retention retention_;
  UnmanagedBindings unmanaged_bindings_;
  Threads thread_;  // last: it uses the other members
};

}  // namespace curfew::housekeeping
