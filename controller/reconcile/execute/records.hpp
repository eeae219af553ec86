#pragma once

#include <stop_token>

#include "core/action.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "limits/request_rate_limiter.hpp"
#include "limits/usage_index.hpp"
#include "reconcile/execute/step.hpp"
#include "reconcile/request_notes.hpp"
#include "records/writer.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Writes audit records, and tells limits and notes of what is stored.
class RecordExecutor {
 public:
  struct Parts {
    kube::Client& client;
    records::Writer& audit;
    RequestNotes& notes;
    limits::UsageIndex& usage;
    limits::RequestRateLimiter& floods;
    Failures& failures;
    const Clock& clock;
  };

  explicit RecordExecutor(Parts parts) : parts_(parts) {}

  // A Granted record that names no UID gets that of the binding that this process created.
  Step run(const core::Input& input, const core::WriteRecord& action, std::stop_token stop);

  // A replica of an earlier term may have recorded the end of a request and died before it wrote the status.
  // Until all records from earlier terms are known, reads the end record before a grant starts or resumes.
  Step look_for_end(const core::Input& input, std::stop_token stop);
  // The same for a record of the grant itself: its answer may have been lost with the replica, and its
  // binding have gone since.
  Step look_for_grant(const core::Input& input, std::stop_token stop);

 private:
  Step grant_refused(const core::Input& input, const Error& error);

  const Parts parts_;
};

}  // namespace curfew::reconcile
