#include "expiry/expiry.hpp"

#include <utility>

namespace curfew::expiry {

Expiry::Expiry(const Parts& parts)
    : revoker_({.client = parts.client,
                .bindings = parts.bindings,
                .deletions = deletions_,
                .on_ended = parts.on_ended,
                .on_failed = parts.on_failed,
                .clock = parts.clock,
                .is_leader = parts.is_leader,
                .on_round = [&watchdog = parts.watchdog] { watchdog.beat("the revoker"); }}),
      watchdog_(parts.watchdog) {}

void Expiry::start() {
  thread_.start([this](const std::stop_token& stop) { revoker_.run(stop); });
  const runtime::WorkerHooks hooks{.on_error = {}, .on_panic = {}, .watchdog = &watchdog_};
  workers_.emplace(
      revoker_.queue(),
      [this](const api::ObjectKey& key, std::stop_token stop) { return revoker_.end(key, std::move(stop)); },
      Revoker::kWorkers, hooks);
  patient_workers_.emplace(
      revoker_.patient_queue(),
      [this](const api::ObjectKey& key, std::stop_token stop) {
        return revoker_.end_without_hurry(key, std::move(stop));
      },
      Revoker::kWorkers, hooks);
}

void Expiry::stop() {
  thread_.request_stop();
  workers_.reset();
  patient_workers_.reset();
  thread_.stop();
}

}  // namespace curfew::expiry
