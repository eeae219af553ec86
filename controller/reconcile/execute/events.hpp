#pragma once

#include "core/action.hpp"
#include "core/input.hpp"
#include "kube/event_recorder.hpp"
#include "reconcile/execute/step.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Hands Events on requests to the recorder.
class EventExecutor {
 public:
  EventExecutor(kube::EventRecorder& events, const Clock& clock) : events_(events), clock_(clock) {}

  Step run(const core::Input& input, const core::EmitEvent& action);

 private:
  kube::EventRecorder& events_;
  const Clock& clock_;
};

}  // namespace curfew::reconcile
