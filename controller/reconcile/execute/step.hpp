#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/input.hpp"
#include "reconcile/request_notes.hpp"
#include "runtime/worker.hpp"
#include "telemetry/metrics.hpp"
#include "util/result.hpp"

namespace curfew::reconcile {

// The result of an action: nullopt goes on with the next action of the decision, an Outcome ends it here.
using Step = std::optional<runtime::Outcome>;

// A requeue, not a failure.
inline runtime::Outcome again_in(std::chrono::steady_clock::duration delay) {
  return {.kind = runtime::Outcome::Kind::Done, .after = delay};
}

// What has just been remembered changes the decision.
inline runtime::Outcome decide_again() {
  return again_in(std::chrono::milliseconds(1));
}

// A deletion is repeated at this interval until the watch reports it.
inline constexpr std::chrono::seconds kDeletionCheck{1};

// Whether the CRD's schema rejects the object, by the API server's message. A rejection by someone else's
// admission policy or webhook may be temporary, whatever its status code.
bool is_refused_by_schema(const Error& error);

// What becomes of an action that failed.
class Failures {
 public:
  Failures(telemetry::Metrics& metrics, RequestNotes& notes) : metrics_(metrics), notes_(notes) {}

  void count(const Error& error) { metrics_.reconcile_failed(error.kind); }

  // Counts the failure; the retry that the error calls for.
  runtime::Outcome retry(const Error& error);

  // A record or a status was not written. Retrying does not make an invalid object valid: the request ends,
  // unless its end is what was rejected.
  runtime::Outcome not_written(const core::Input& input, const Error& error);

 private:
  telemetry::Metrics& metrics_;
  RequestNotes& notes_;
};

// Conflicts and failures of the whole API server are not logged here.
void log_failure(std::string_view what, const core::Input& input, const Error& error);

}  // namespace curfew::reconcile
