#include "reconcile/request_reconciler.hpp"

#include "core/decide.hpp"

namespace curfew::reconcile {

runtime::Outcome RequestReconciler::reconcile(const api::ObjectKey& key, std::stop_token stop) {
  const auto input = gatherer_.gather(key, guard_(), stop);
  if (!input) return runtime::Outcome{.kind = runtime::Outcome::Kind::RetryRateLimited};
  if (!*input) return runtime::Outcome{};
  return applier_.apply(**input, core::decide(**input), stop);
}

}  // namespace curfew::reconcile
