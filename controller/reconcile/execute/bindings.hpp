#pragma once

#include <stop_token>
#include <vector>

#include "core/action.hpp"
#include "core/input.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "reconcile/execute/records.hpp"
#include "reconcile/execute/step.hpp"
#include "reconcile/grant_latency.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Creates, shortens and deletes the bindings of grants.
class BindingExecutor {
 public:
  struct Parts {
    kube::Client& client;
    kube::Client& endings;  // for calls that end access; exempt from the in-flight limit
    Stores& stores;
    RequestNotes& notes;
    expiry::PendingDeletions& deletions;
    RecordExecutor& records;
    GrantLatency& grant_latency;
    Failures& failures;
    const Clock& clock;
  };

  explicit BindingExecutor(Parts parts) : parts_(parts) {}

  Step run(const core::Input& input, const core::CreateBinding& action, std::stop_token stop);
  Step run(const core::Input& input, const core::DeleteBinding& action, std::stop_token stop);
  Step run(const core::Input& input, const core::FreeBinding& action, std::stop_token stop);
  Step run(const core::Input& input, const core::ShortenBinding& action, std::stop_token stop);

 private:
  Step create(const core::Input& input, const api::RoleBinding& wanted, const std::stop_token& stop);
  void take_back(const core::Input& input, const std::vector<api::BindingRef>& made,
                 const std::stop_token& stop);
  Step adopt_or_fail(const core::Input& input, const api::RoleBinding& wanted, std::stop_token stop);
  Step grant_failed(const core::Input& input, const Error& error);
  void granted(const core::Input& input, api::RoleBinding stored);

  const Parts parts_;
};

}  // namespace curfew::reconcile
