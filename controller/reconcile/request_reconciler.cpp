#include "reconcile/request_reconciler.hpp"

#include "core/decide/decide.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"

namespace curfew::reconcile {
namespace {

// A waiter that is woken may no longer need the lock and then wakes no other: re-check after this time.
constexpr std::chrono::seconds kLockRecheck{1};

}  // namespace

runtime::Outcome RequestReconciler::reconcile(const api::ObjectKey& key, std::stop_token stop) {
  const std::string usage = usage_key(key);
  if (usage.empty()) return decide_and_apply(key, std::move(stop));
  const auto lock = usage_lock_.try_lock(usage, key);
  if (!lock) return runtime::Outcome{.kind = runtime::Outcome::Kind::Done, .after = kLockRecheck};
  return decide_and_apply(key, std::move(stop));
}

// The policy and subject for which the policy's limits count the request, and which what it extends has, too;
// empty if nothing is counted and nothing extended.
std::string RequestReconciler::usage_key(const api::ObjectKey& key) const {
  const auto request = parts_.stores.requests.get(key);
  if (!request || request->status.complete || request->status.phase == api::Phase::Active) return {};
  const auto policy = parts_.stores.policies.get({"", request->spec.policy});
  const auto subject = core::effective_subject(*request);
  const bool is_counted = policy && policy->spec.limits;
  if (!policy || !subject || (!is_counted && request->spec.extends.empty())) return {};
  return policy->metadata.name + "/" + core::username_of(*subject);
}

runtime::Outcome RequestReconciler::decide_and_apply(const api::ObjectKey& key, std::stop_token stop) {
  const auto input = parts_.gatherer.gather(key, parts_.guard(), stop);
  if (!input) {
    parts_.metrics.reconcile_failed(input.error().kind);
    return runtime::Outcome{.kind = runtime::Outcome::Kind::RetryRateLimited};
  }
  if (!*input) return runtime::Outcome{};
  return parts_.applier.apply(**input, core::decide(**input), stop);
}

}  // namespace curfew::reconcile
