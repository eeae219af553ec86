#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>

#include "reconcile/key.hpp"
#include "runtime/work_queue.hpp"
#include "runtime/worker.hpp"

namespace curfew::reconcile {

// The threads that take keys from the queue, and the reconciler for each kind of key.
class Reconcilers {
 public:
  using Reconcile = std::function<runtime::Outcome(const api::ObjectKey&, std::stop_token)>;

  struct Parts {
    runtime::WorkQueue<Key>& queue;
    std::map<Key::Kind, Reconcile> by_kind;
    std::function<bool()> may_decide;  // false: keys are dropped, because the next leader enqueues all
    std::function<bool()> must_yield;  // true while more urgent work needs the API server
    std::function<void()> on_panic;    // a reconciler threw, which is a bug
    runtime::Watchdog* watchdog = nullptr;
  };

  explicit Reconcilers(Parts parts) : parts_(std::move(parts)) {}

  void start(int threads);
  void stop() { workers_.reset(); }

 private:
  runtime::Outcome reconcile(const Key& key, std::stop_token stop) const;

  const Parts parts_;
  std::optional<runtime::Workers<Key>> workers_;
};

}  // namespace curfew::reconcile
