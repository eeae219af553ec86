#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "api/access_policy.hpp"
#include "guard/ledger_store.hpp"
#include "guard/watch.hpp"
#include "housekeeping/audit_backfill.hpp"
#include "housekeeping/retention.hpp"
#include "reconcile/triggers.hpp"
#include "runtime/leader_elector.hpp"
#include "util/backoff.hpp"

namespace curfew::app {

// The leader's work besides its queue: restores the guard's ledger from earlier terms, goes through
// everything once, saves the ledger. One thread per term.
class Leadership {
 public:
  struct Parts {
    guard::GuardLedgerStore& ledgers;
    guard::GuardWatch& guard;
    housekeeping::AuditBackfill& sweep;
    housekeeping::Retention& retention;
    reconcile::Triggers& triggers;
    // The resources whose first list is not complete yet. Decisions wait for it.
    std::function<std::vector<std::string>()> unsynced;
    // Everything is enqueued again after 0.9 to 1.1 times this, in case a change was missed. More than zero.
    std::chrono::milliseconds resync_interval = std::chrono::hours(6);
    // Copied for each series of retries.
    Backoff retry{std::chrono::milliseconds(200), std::chrono::seconds(10)};
  };

  explicit Leadership(Parts parts) : parts_(std::move(parts)) {}

  void start();  // on gaining leadership
  void stop();   // on losing leadership; returns when the term's thread has ended

  // Whether this replica leads and is ready to decide.
  bool is_ready() const { return ready_.load(); }

  // The guard changed: reconciles everything that depends on it again. Thread-safe.
  void guard_changed();

  // Called by the policies' reflector for each change, before a reconcile uses it; null: it does not exist.
  // What the guard's ledger says of policies is saved soon after, and nothing needs a reconcile for that.
  void observe_policy(const std::shared_ptr<const api::AccessPolicy>& before,
                      const std::shared_ptr<const api::AccessPolicy>& after);

 private:
  void run(std::stop_token stop);
  void ledger_changed();
  void enqueue_all();
  std::chrono::steady_clock::time_point next_resync();
  bool save(const guard::GuardLedger& ledger, std::stop_token stop);
  bool await_change(std::stop_token stop, std::optional<std::chrono::milliseconds> patience,
                    std::chrono::steady_clock::time_point resync_at);
  bool await_lists(const std::stop_token& stop);
  bool load_ledger(std::stop_token stop);

  Parts parts_;
  std::atomic<bool> ready_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool guard_changed_ = false;                   // protected by mutex_
  bool ledger_changed_ = false;                  // protected by mutex_
  std::mt19937 random_{std::random_device()()};  // of the thread
  std::optional<guard::GuardLedger> saved_;      // in this term
  std::jthread thread_;                          // last: it uses the other members
};

}  // namespace curfew::app
