#include "reconcile/execute/step.hpp"

#include <string>

#include "kube/error.hpp"
#include "reconcile/error_policy.hpp"
#include "util/log.hpp"

namespace curfew::reconcile {

using runtime::Outcome;

bool is_refused_by_schema(const Error& error) {
  return error.kind == ErrorKind::Invalid && error.message.find(" is invalid: ") != std::string::npos &&
         error.message.find("denied") == std::string::npos;
}

Outcome Failures::retry(const Error& error) {
  count(error);
  const Retry policy = error_policy(error);
  switch (policy.how) {
    case Retry::How::Soon: return {.kind = Outcome::Kind::RetryNow};
    case Retry::How::After: return {.kind = Outcome::Kind::RetryAfter, .after = policy.after};
    case Retry::How::RateLimited:
    case Retry::How::Never: break;
  }
  return {.kind = Outcome::Kind::RetryRateLimited};
}

Outcome Failures::not_written(const core::Input& input, const Error& error) {
  if (!is_refused_by_schema(error) || input.unstorable) return retry(error);
  count(error);
  notes_.remember_unstorable(input.request->metadata.uid, error.message);
  return decide_again();
}

void log_failure(std::string_view what, const core::Input& input, const Error& error) {
  if (error.kind == ErrorKind::Conflict || kube::concerns_server(error.kind)) return;
  log::warn(what, {{"request", api::to_string(input.request->metadata.key())},
                   {"uid", input.request->metadata.uid},
                   {"kind", to_string(error.kind)},
                   {"err", error.message}});
}

}  // namespace curfew::reconcile
