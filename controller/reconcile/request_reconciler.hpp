#pragma once

#include <functional>
#include <stop_token>

#include "core/input.hpp"
#include "reconcile/apply.hpp"
#include "reconcile/gather.hpp"
#include "runtime/worker.hpp"

namespace curfew::reconcile {

// One request, once around: gather, decide, apply.
class RequestReconciler {
 public:
  RequestReconciler(Gatherer& gatherer, Applier& applier, std::function<core::GuardState()> guard)
      : gatherer_(gatherer), applier_(applier), guard_(std::move(guard)) {}

  runtime::Outcome reconcile(const api::ObjectKey& key, std::stop_token stop);

 private:
  Gatherer& gatherer_;
  Applier& applier_;
  std::function<core::GuardState()> guard_;
};

}  // namespace curfew::reconcile
