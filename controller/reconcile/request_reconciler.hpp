#pragma once

#include <functional>
#include <stop_token>

#include "core/input.hpp"
#include "reconcile/apply.hpp"
#include "reconcile/gather.hpp"
#include "runtime/metrics.hpp"
#include "runtime/worker.hpp"

namespace curfew::reconcile {

// One request, once around: gather, decide, apply.
class RequestReconciler {
 public:
  RequestReconciler(const Stores& stores, Gatherer& gatherer, Applier& applier, runtime::Metrics& metrics, std::function<core::GuardState()> guard)
      : stores_(stores), gatherer_(gatherer), applier_(applier), metrics_(metrics), guard_(std::move(guard)) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  std::string whose_turn(const api::ObjectKey& key) const;
  runtime::Outcome decide_and_apply(const api::ObjectKey& key, std::stop_token stop);

  const Stores& stores_;
  Turns turns_;
  Gatherer& gatherer_;
  Applier& applier_;
  runtime::Metrics& metrics_;
  std::function<core::GuardState()> guard_;
};

}  // namespace curfew::reconcile
