#include "app/leadership.hpp"

#include <algorithm>

#include "core/describe.hpp"
#include "kube/pause.hpp"
#include "util/log.hpp"

namespace curfew::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLeadershipPoll{20};
constexpr milliseconds kSlowList{5000};  // is logged
// The interval of saves during a burst of new policies, and of checks whether the guard is in force yet.
constexpr milliseconds kLedgerPace{1000};

}  // namespace

void Leadership::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Leadership::stop() {
  ready_ = false;
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  ready_ = false;  // again: the term may have become ready just before the stop request
}

void Leadership::guard_changed() {
  {
    const std::scoped_lock lock(mutex_);
    guard_changed_ = true;
  }
  changed_.notify_all();
}

void Leadership::observe_policy(const std::shared_ptr<const api::AccessPolicy>& before,
                                const std::shared_ptr<const api::AccessPolicy>& after) {
  if (parts_.guard.observe_policy((after ? after : before)->metadata.name,
                                  after ? &after->metadata : nullptr))
    ledger_changed();
}

void Leadership::ledger_changed() {
  {
    const std::scoped_lock lock(mutex_);
    ledger_changed_ = true;
  }
  changed_.notify_all();
}

bool Leadership::await_lists(const std::stop_token& stop) {
  const auto began = steady_clock::now();
  bool logged = false;
  for (auto resources = parts_.unsynced(); !resources.empty(); resources = parts_.unsynced()) {
    if (!logged && steady_clock::now() - began > kSlowList) {
      logged = true;
      log::warn("granting is paused until the first lists are complete",
                {{"resources", core::joined(resources)}});
    }
    if (!kube::pause(kLeadershipPoll, stop)) return false;
  }
  return true;
}

bool Leadership::load_ledger(std::stop_token stop) {
  if (!await_lists(stop)) return false;
  Backoff backoff = parts_.retry;
  for (;;) {
    auto ledger = parts_.ledgers.load(stop);
    if (ledger) {
      parts_.guard.restore(std::move(*ledger));
      return !stop.stop_requested();
    }
    log::warn("cannot read the guard ledger, granting is paused", {{"err", ledger.error().message}});
    if (!kube::pause(backoff.next(), stop)) return false;
  }
}

void Leadership::run(std::stop_token stop) {
  if (!load_ledger(stop)) return;
  parts_.triggers.begin_term();
  ready_ = true;
  log::info("leading");
  {
    const std::scoped_lock lock(mutex_);
    guard_changed_ = false;  // set before this term, or by the initial lists
  }
  enqueue_all();

  saved_.reset();
  bool swept = false;
  auto resync_at = next_resync();
  Backoff backoff = parts_.retry;
  while (!stop.stop_requested()) {
    const auto ledger = parts_.guard.ledger_to_save();
    bool failed = ledger && ledger != saved_ && !save(*ledger, stop);
    if (!swept) {
      swept = parts_.sweep.run(stop).has_value() && parts_.retention.sweep(stop).has_value();
      failed = failed || !swept;
    }
    if (!failed) backoff.reset();

    std::optional<milliseconds> patience;
    if (failed)
      patience = backoff.next();
    else if (!ledger)
      patience = kLedgerPace;
    const bool is_changed = await_change(stop, patience, resync_at);
    const bool is_resync = steady_clock::now() >= resync_at;
    if (is_resync) resync_at = next_resync();
    if (is_changed || is_resync) enqueue_all();
  }
}

bool Leadership::save(const guard::GuardLedger& ledger, std::stop_token stop) {
  if (const auto written = parts_.ledgers.save(ledger, std::move(stop)); !written) {
    log::warn("cannot write the guard ledger: what is written now is not believed after a restart",
              {{"err", written.error().message}});
    return false;
  }
  saved_ = ledger;
  return true;
}

// Waits for a change, until `resync_at` at the latest, or for `patience` if it is set. Returns whether the
// guard changed.
bool Leadership::await_change(std::stop_token stop, std::optional<milliseconds> patience,
                              steady_clock::time_point resync_at) {
  std::unique_lock lock(mutex_);
  if (patience) {
    const auto until = std::min(resync_at, steady_clock::now() + *patience);
    changed_.wait_until(lock, stop, until, [this] { return guard_changed_; });
  } else {
    changed_.wait_until(lock, stop, resync_at, [this] { return guard_changed_ || ledger_changed_; });
    if (ledger_changed_) changed_.wait_for(lock, stop, kLedgerPace, [this] { return guard_changed_; });
  }
  ledger_changed_ = false;
  return std::exchange(guard_changed_, false);
}

// Jittered, so that it does not coincide with other work of the same period for ever.
steady_clock::time_point Leadership::next_resync() {
  std::uniform_real_distribution<double> jitter(0.9, 1.1);
  return steady_clock::now() +
         std::chrono::duration_cast<steady_clock::duration>(parts_.resync_interval * jitter(random_));
}

// Enqueues everything now, including requests that cannot be believed; and, if the guard is not in force,
// once more when it would be in force if it was just restored.
void Leadership::enqueue_all() {
  const bool counts = parts_.guard.state().in_force;  // read before a worker acts on what is queued here
  parts_.triggers.everything();
  if (!counts) parts_.triggers.everything(std::chrono::seconds(6));
}

}  // namespace curfew::app
