#include "reconcile/policy_reconciler.hpp"

#include <nlohmann/json.hpp>

#include "api/codec.hpp"
#include "core/decide/decide.hpp"
#include "core/policy/policy_status.hpp"
#include "reconcile/facts.hpp"
#include "util/log.hpp"

namespace curfew::reconcile {

using runtime::Outcome;

Outcome PolicyReconciler::reconcile(const api::ObjectKey& key, std::stop_token stop) {
  const auto policy = stores_.policies.get(key);
  if (!policy && reviews_ != nullptr) reviews_->forget(key.name);
  if (!policy || policy->metadata.deletion_timestamp) return Outcome{};

  const auto time_zone = policy->spec.schedule ? TimeZone::find(policy->spec.schedule->time_zone) : nullptr;
  auto review = reviews_ != nullptr ? reviews_->review(*policy, stop) : RoleReviews::Answer{};
  const Outcome done{.kind = Outcome::Kind::Done, .after = review.ask_again};
  core::PolicyInput input{
      .policy = *policy,
      .facts = policy_facts(stores_, time_zone.get(), believes_(policy->metadata)),
      .outliving_powers = [&](const api::RoleRef& role) { return outliving_powers(stores_, *policy, role); },
      .bind_refusals = std::move(review.bind_refusals),
      .beyond_namespace = std::move(review.beyond_namespace),
      .now = clock_.now()};
  for (const auto& request : stores_.requests.list()) {
    if (request->spec.policy != key.name || core::is_over(request->status)) continue;
    if (request->status.phase == api::Phase::Active)
      ++input.active_grants;
    else
      ++input.pending_requests;
  }
  const api::AccessPolicyStatus status = core::policy_status(input);
  if (status == policy->status) return done;

  const nlohmann::json patch = kube::status_patch(policy->metadata, api::encode_status_patch(status));
  auto updated = client_.patch_status<api::AccessPolicy>(key, patch, stop);
  if (!updated) {
    if (updated.error().kind == ErrorKind::NotFound) return Outcome{};
    metrics_.reconcile_failed(updated.error().kind);
    return Outcome{.kind = Outcome::Kind::RetryRateLimited};
  }
  if (auto event = core::policy_event(*policy, status, clock_.now())) events_.record(std::move(*event));
  stores_.policies.assume(std::move(*updated));
  return done;
}

}  // namespace curfew::reconcile
