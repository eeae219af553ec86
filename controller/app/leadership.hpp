#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <thread>

#include "guard/ledger_store.hpp"
#include "guard/watch.hpp"
#include "housekeeping/audit_backfill.hpp"
#include "housekeeping/retention.hpp"
#include "reconcile/triggers.hpp"
#include "runtime/leader_elector.hpp"
#include "util/backoff.hpp"

namespace curfew::app {

// What the leader does besides its queue: learns what the guard was like before, looks at everything once,
// keeps the guard's ledger. One thread a term.
class Leadership {
 public:
  struct Parts {
    guard::GuardLedgerStore& ledgers;
    guard::GuardWatch& guard;
    housekeeping::AuditBackfill& sweep;
    housekeeping::Retention& retention;
    reconcile::Triggers& triggers;
    std::function<bool()> stores_synced;
    Backoff retry{std::chrono::milliseconds(200),
                  std::chrono::seconds(10)};  // each series of tries starts with a copy
  };

  explicit Leadership(Parts parts) : parts_(std::move(parts)) {}

  void start();  // leadership is gained
  void stop();   // it is lost: returns when nothing of the term runs any more

  // Whether this replica leads and is ready to decide.
  bool is_ready() const { return ready_.load(); }

  // The guard changed: what depends on it is looked at again. Thread-safe.
  void guard_changed();

  // There is something new to save in the guard's ledger, and nothing to look at. Thread-safe.
  void ledger_changed();

 private:
  void run(std::stop_token stop);
  void enqueue_all();
  bool save(const guard::GuardLedger& ledger, std::stop_token stop);
  bool await_change(std::stop_token stop, std::optional<std::chrono::milliseconds> patience);
  bool load_ledger(std::stop_token stop);
  bool wait(std::stop_token stop, std::chrono::milliseconds time);

  Parts parts_;
  std::atomic<bool> ready_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool guard_changed_ = false;               // protected by mutex_
  bool ledger_changed_ = false;              // protected by mutex_
  std::optional<guard::GuardLedger> saved_;  // in this term
  std::jthread thread_;                      // last: it uses the others
};

}  // namespace curfew::app
