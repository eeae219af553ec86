#pragma once

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

namespace curfew::reconcile {

// RoleBindings that have our label and belong to no request, which only somebody can make who has taken the admission policies away. Each is recorded once. Those under a name
// of their own are left alone, since whose they are is not known; those with the name of a grant are ended by the Revoker at their end, or here where all access ends.
class ForeignBindings {
 public:
  struct Parts {
    audit::Writer& audit;
    kube::Client& endings;
    const Stores& stores;
    Memory& memory;
    runtime::Metrics& metrics;
    const Clock& clock;
    bool ends_all = false;  // Curfew is being removed
  };

  explicit ForeignBindings(Parts parts) : parts_(parts) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  bool may_be_known_soon(const std::string& request_uid) const;
  std::shared_ptr<const api::AccessRequest> live_request(const std::string& request_uid) const;
  // `end`: when Curfew ends it; nullopt: never, it has not the name of a grant.
  std::string message_about(const api::RoleBinding& binding, const std::string& request_uid, std::optional<TimePoint> end) const;
  runtime::Outcome retry(std::string_view what, const api::ObjectKey& key, const Error& error) const;

  const Parts parts_;
};

}  // namespace curfew::reconcile
