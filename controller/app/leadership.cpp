#include "app/leadership.hpp"

#include "util/log.hpp"

namespace curfew::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{20};

}  // namespace

void Leadership::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Leadership::stop() {
  ready_ = false;
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  ready_ = false;  // again: the term may just have become ready when it was told to stop
}

void Leadership::guard_changed() {
  {
    const std::scoped_lock lock(mutex_);
    guard_changed_ = true;
  }
  changed_.notify_all();
}

bool Leadership::wait(std::stop_token stop, milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

bool Leadership::learn_the_past(std::stop_token stop) {
  while (!parts_.stores_synced()) {
    if (!wait(stop, kPoll)) return false;
  }
  Backoff backoff = parts_.retry;
  for (;;) {
    auto ledger = parts_.ledgers.load(stop);
    if (ledger) {
      parts_.guard.restore(std::move(*ledger));
      return !stop.stop_requested();
    }
    log::warn("guard ledger not read, granting waits for it", {{"err", ledger.error().message}});
    if (!wait(stop, backoff.next())) return false;
  }
}

void Leadership::run(std::stop_token stop) {
  if (!learn_the_past(stop)) return;
  parts_.triggers.begin_term();
  ready_ = true;
  log::info("leading");
  {
    const std::scoped_lock lock(mutex_);
    guard_changed_ = false;  // before this term, or by the first lists
  }
  look_at_everything();

  std::optional<reconcile::GuardLedger> saved;
  bool swept = false;
  Backoff backoff = parts_.retry;
  while (!stop.stop_requested()) {
    bool failed = false;
    const reconcile::GuardLedger ledger = parts_.guard.ledger();
    if (ledger != saved && !ledger.objects.empty()) {
      if (parts_.ledgers.save(ledger, stop)) saved = ledger;
      else failed = true;
    }
    if (!swept && !failed) {
      swept = parts_.sweep.run(stop).has_value() && parts_.retention.sweep(stop).has_value();
      failed = !swept;
    }
    if (!failed) backoff.reset();

    std::unique_lock lock(mutex_);
    if (failed) changed_.wait_for(lock, stop, backoff.next(), [this] { return guard_changed_; });
    else changed_.wait(lock, stop, [this] { return guard_changed_; });
    if (!std::exchange(guard_changed_, false)) continue;
    lock.unlock();
    look_at_everything();
  }
}

// Once now, also for the requests that cannot be believed; and, where the guard does not count, once when it would if it was just put back.
void Leadership::look_at_everything() {
  parts_.triggers.everything();
  if (!parts_.guard.state().in_force) parts_.triggers.everything(std::chrono::seconds(6));
}

}  // namespace curfew::app
