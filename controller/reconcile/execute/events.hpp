#pragma once

#include "core/action.hpp"
#include "core/input.hpp"
#include "kube/event_recorder.hpp"
#include "reconcile/execute/step.hpp"
#include "reconcile/request_notes.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Hands Events on requests to the recorder.
class EventExecutor {
 public:
  EventExecutor(kube::EventRecorder& events, RequestNotes& notes, const Clock& clock)
      : events_(events), notes_(notes), clock_(clock) {}

  Step run(const core::Input& input, const core::EmitEvent& action);

 private:
  kube::EventRecorder& events_;
  RequestNotes& notes_;
  const Clock& clock_;
};

}  // namespace curfew::reconcile
