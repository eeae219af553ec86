#pragma once

#include <functional>
#include <stop_token>

#include "core/action.hpp"
#include "core/input.hpp"
#include "expiry/pending_deletions.hpp"
#include "reconcile/departed_requests.hpp"
#include "reconcile/execute/bindings.hpp"
#include "reconcile/execute/events.hpp"
#include "reconcile/execute/records.hpp"
#include "reconcile/execute/status.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "runtime/worker.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Executes a decision action by action and stops at the first that fails. Every action is idempotent, so that
// deciding again resumes what stopped.
class Applier {
 public:
  struct Parts {
    RecordExecutor& records;
    BindingExecutor& bindings;
    StatusExecutor& status;
    EventExecutor& events;
    const Stores& stores;
    RequestNotes& notes;
    DepartedRequests& departed;
    expiry::PendingDeletions& deletions;
    const Clock& clock;
    std::function<bool()> may_grant;  // false once leadership is lost: only actions that end access run
  };

  explicit Applier(Parts parts) : parts_(std::move(parts)) {}

  runtime::Outcome apply(const core::Input& input, const core::Decision& decision, std::stop_token stop);

 private:
  Step run(const core::Input& input, const core::Action& action, const std::stop_token& stop);
  runtime::Outcome next_look(const core::NextLook& next) const;
  runtime::Outcome forget_departed(const core::Input& input);
  void forget(const core::Input& input);

  const Parts parts_;
};

}  // namespace curfew::reconcile
