#include "reconcile/policy_reconciler.hpp"

#include <nlohmann/json.hpp>

#include "api/codec.hpp"
#include "api/names.hpp"
#include "core/policy/policy_status.hpp"
#include "reconcile/facts.hpp"
#include "util/log.hpp"

namespace curfew::reconcile {

using runtime::Outcome;

Outcome PolicyReconciler::reconcile(const api::ObjectKey& key, std::stop_token stop) {
  const auto policy = stores_.policies.get(key);
  if (!policy || policy->metadata.deletion_timestamp) return Outcome{};

  const auto time_zone = policy->spec.schedule ? TimeZone::find(policy->spec.schedule->time_zone) : nullptr;
  core::PolicyInput input{
      .policy = *policy,
      .facts = policy_facts(stores_, time_zone.get(), believes_(policy->metadata)),
      .outliving_powers = [&](const api::RoleRef& role) { return outliving_powers(stores_, *policy, role); },
      .now = clock_.now()};
  for (const auto& request : stores_.requests.list()) {
    if (request->spec.policy != key.name || request->status.complete) continue;
    if (request->status.phase == api::Phase::Active)
      ++input.active_grants;
    else
      ++input.pending_requests;
  }
  const api::AccessPolicyStatus status = core::policy_status(input);
  if (status == policy->status) return Outcome{};

  const nlohmann::json patch = kube::status_patch(policy->metadata, api::encode_status_patch(status));
  auto updated = client_.patch_status<api::AccessPolicy>(key, patch, stop);
  if (!updated) {
    if (updated.error().kind == ErrorKind::NotFound) return Outcome{};
    metrics_.reconcile_failed(updated.error().kind);
    return Outcome{.kind = Outcome::Kind::RetryRateLimited};
  }
  emit_event(*policy, status);
  stores_.policies.assume(std::move(*updated));
  return Outcome{};
}

// Emits an Event when the policy starts or stops working, not for every new count.
void PolicyReconciler::emit_event(const api::AccessPolicy& policy, const api::AccessPolicyStatus& status) {
  const api::Condition* before = api::find_condition(policy.status.conditions, api::kReady);
  const api::Condition* after = api::find_condition(status.conditions, api::kReady);
  if (!after || (before && before->status == after->status && before->message == after->message)) return;
  const bool is_ready = after->status == "True";
  if (is_ready && !before) return;
  api::Event event;
  event.time = clock_.now();
  event.type = is_ready ? "Normal" : "Warning";
  event.reason = after->reason;
  event.action = "Observe";
  event.note = after->message;
  event.regarding = {.api_version = std::string(api::kGroupVersion),
                     .kind = std::string(api::AccessPolicy::kKind),
                     .ns = {},
                     .name = policy.metadata.name,
                     .uid = policy.metadata.uid};
  events_.record(std::move(event));
}

}  // namespace curfew::reconcile
