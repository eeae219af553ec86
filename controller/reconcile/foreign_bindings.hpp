#pragma once

#include <stop_token>

#include "audit/writer.hpp"
#include "reconcile/memory.hpp"
#include "reconcile/stores.hpp"
#include "runtime/metrics.hpp"
#include "runtime/worker.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// RoleBindings that bear our label without being any request's, which only somebody can make who has taken the admission policies away. Whose they are is not known, so they are
// left alone; that they are there is recorded, once each.
class ForeignBindings {
 public:
  struct Parts {
    audit::Writer& audit;
    const Stores& stores;
    const Memory& memory;
    runtime::Metrics& metrics;
    const Clock& clock;
  };

  explicit ForeignBindings(Parts parts) : parts_(parts) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  bool may_be_known_soon(const std::string& request_uid) const;
  std::shared_ptr<const api::AccessRequest> live_request(const std::string& request_uid) const;

  const Parts parts_;
};

}  // namespace curfew::reconcile
