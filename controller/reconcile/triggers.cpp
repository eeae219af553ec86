#include "reconcile/triggers.hpp"

#include <algorithm>

#include "api/managed_binding.hpp"
#include "api/names.hpp"
#include "core/effective.hpp"
#include "reconcile/reconstruct_request.hpp"

namespace curfew::reconcile {
namespace {

bool means_the_same(const std::shared_ptr<const RoleSummary>& before,
                    const std::shared_ptr<const RoleSummary>& after) {
  return before && after && before->metadata.uid == after->metadata.uid &&
         before->rules_hash == after->rules_hash;
}

// Whether the binding belongs to no request: it has the wrong name or no owner reference.
bool is_foreign(const api::RoleBinding& binding, const api::AccessRequest& owner) {
  return owner.metadata.name.empty() || !api::has_name_of_grant(binding);
}

// During a burst of requests, the counts in a policy's status are updated at this interval.
constexpr std::chrono::milliseconds kCountsPace{1000};

// After a change of the roles that Curfew may bind: until the API servers have probably followed.
constexpr std::chrono::seconds kRbacSettles{1};

}  // namespace

void Triggers::changed(const Pointer<api::AccessRequest>& before, const Pointer<api::AccessRequest>& after) {
  const auto& request = after ? after : before;
  extensions_.observe(before, after);
  if (before && (!after || after->metadata.uid != before->metadata.uid)) look_at_leftover(*before);
  const bool appears = after && (!before || before->metadata.uid != after->metadata.uid);
  if (appears && is_leading_()) notes_.remember_appeared(after->metadata.uid, clock_.now());
  if (after) {
    add_request(after->metadata.key());
    if (before && before->metadata.uid != after->metadata.uid) departed(before);
  } else if (departed_.is_expected(before->metadata.uid)) {
    departed_.stop_expecting(before->metadata.uid);
  } else {
    departed(before);
  }
  const bool has_new_phase = !before || !after || before->status.phase != after->status.phase;
  if (has_new_phase) add_policy_counts(request->spec.policy);
  add_chain(*request, has_new_phase);
}

// What extends the request, and with a new phase also what it extends and what else extends that.
void Triggers::add_chain(const api::AccessRequest& request, bool has_new_phase) {
  for (const auto& key : extensions_.of(request.metadata.key())) add_request(key);
  if (request.spec.extends.empty() || !has_new_phase) return;
  add_request(extended_key(request));
  for (const auto& key : extensions_.of(extended_key(request))) add_request(key);
}

void Triggers::changed(const Pointer<api::AccessPolicy>& before, const Pointer<api::AccessPolicy>& after) {
  const std::string& name = (after ? after : before)->metadata.name;
  const bool means_the_same = before && after && before->metadata.uid == after->metadata.uid &&
                              before->metadata.generation == after->metadata.generation;
  // Only the status changed, by our own write: an immediate recount in a burst would trigger the next one.
  if (means_the_same) return add_policy_counts(name);
  add_policy(name);
  add_requests_of_policy(name);
}

void Triggers::changed(const Pointer<api::RoleBinding>& before, const Pointer<api::RoleBinding>& after) {
  const api::RoleBinding& binding = after ? *after : *before;
  const auto owner = request_of(binding);
  if (is_foreign(binding, *owner)) {  // not ours, but a request may be waiting for this name
    if (after) add_foreign_binding(after->metadata.key());
    return add_requests_where([&](const api::AccessRequest& request) {
      return api::is_place_of(request, binding.metadata.ns) &&
             api::binding_name(request) == binding.metadata.name;
    });
  }
  if (!is_live(*owner, binding.metadata.ns)) {
    if (after) add_foreign_binding(after->metadata.key());
    if (!departed_.contains(owner->metadata.uid)) return;
  }
  if (!after && is_leading_()) notes_.remember_gone(owner->metadata.uid, before, clock_.now());
  add_request(owner->metadata.key());
}

void Triggers::changed(const Pointer<api::Namespace>& before, const Pointer<api::Namespace>& after) {
  if (before && after && before->metadata.labels == after->metadata.labels) return;
  const std::string& name = (after ? after : before)->metadata.name;
  add_requests_where([&](const api::AccessRequest& request) { return api::is_place_of(request, name); });
}

void Triggers::changed(const Pointer<RoleSummary>& before, const Pointer<RoleSummary>& after) {
  if (means_the_same(before, after)) return;
  const RoleSummary::Metadata& meta = (after ? after : before)->metadata;
  if (meta.ns.empty())
    cluster_role_changed(meta.name);
  else
    role_changed(meta.key());
}

void Triggers::cluster_role_changed(const std::string& name) {
  const api::RoleRef role{.kind = std::string(api::ClusterRole::kKind), .name = name};
  const bool may_bind_others = name == api::kGrantableRole || name == api::kGrantableClusterWideRole;
  for (const auto& policy : stores_.policies.list()) {
    if (may_bind_others) add_policy(policy->metadata.name);
    if (std::ranges::find(policy->spec.roles, role) == policy->spec.roles.end()) continue;
    add_policy(policy->metadata.name);
    add_requests_of_policy(policy->metadata.name);
  }
  if (may_bind_others) retry_forbidden_grants();
  // Also requests whose policy no longer offers the role.
  add_requests_where([&](const api::AccessRequest& request) { return request.status.role_ref == role; });
}

void Triggers::retry_forbidden_grants() {
  const TimePoint at = clock_.now() + kRbacSettles;
  add_requests_where([&](const api::AccessRequest& request) {
    return notes_.retry_forbidden_grant(request.metadata.uid, at);
  });
}

void Triggers::role_changed(const api::ObjectKey& key) {
  const api::RoleRef role{.kind = std::string(api::Role::kKind), .name = key.name};
  for (const auto& policy : stores_.policies.list()) {
    if (std::ranges::find(policy->spec.roles, role) != policy->spec.roles.end())
      add_policy(policy->metadata.name);
  }
  add_requests_where([&](const api::AccessRequest& request) { return request.metadata.ns == key.ns; });
}

void Triggers::begin_term() {
  notes_.begin_term(clock_.now());
  for (const auto& request : stores_.requests.list()) {
    const std::string& uid = request->metadata.uid;
    const int observed = request->status.observed_decisions;
    const int decisions = static_cast<int>(request->decisions.size());
    if (request->status.complete) continue;
    if (core::had_policy(*request)) notes_.claim_observed(uid, observed);
    if (request->status.ending) notes_.claim_announced(uid, *request->status.ending);
    if (decisions > observed) notes_.remember_unwatched(uid, decisions);
    if (!request->reviews.empty())
      notes_.remember_unwatched_reviews(uid, static_cast<int>(request->reviews.size()));
  }
}

void Triggers::everything(std::chrono::milliseconds delay) {
  for (const auto& policy : stores_.policies.list()) add_policy(policy->metadata.name);
  for (const auto& request : stores_.requests.list()) add_request(request->metadata.key(), delay);
  for (const auto& key : departed_.keys()) add_request(key, delay);
  for (const auto& binding : stores_.bindings.list()) {
    const auto owner = request_of(*binding);
    if (is_foreign(*binding, *owner) || !is_live(*owner, binding->metadata.ns))
      add_foreign_binding(binding->metadata.key());
  }
}

bool Triggers::is_live(const api::AccessRequest& owner, const std::string& where) const {
  const auto live = stores_.requests.get(owner.metadata.key());
  return live && live->metadata.uid == owner.metadata.uid && api::is_place_of(*live, where);
}

// A binding that arrived while the request was still in the store has enqueued the request, which a worker
// may not find any more.
void Triggers::look_at_leftover(const api::AccessRequest& gone) {
  for (const std::string& where : api::places_of(gone)) {
    const api::ObjectKey key{where, api::binding_name(gone)};
    if (stores_.bindings.get(key)) add_foreign_binding(key);
  }
}

void Triggers::departed(Pointer<api::AccessRequest> last_state) {
  if (!is_leading_()) return;
  const api::ObjectKey key = last_state->metadata.key();
  departed_.add(std::move(last_state));
  add_request(key);
}

void Triggers::add_request(const api::ObjectKey& key, std::chrono::milliseconds delay) {
  if (!is_leading_()) return;
  const Key request{.kind = Key::Kind::Request, .object = key};
  if (delay > std::chrono::milliseconds(0))
    queue_.recheck_after(request, delay);
  else
    queue_.add(request);
}

void Triggers::add_policy(const std::string& name) {
  if (is_leading_()) queue_.add({.kind = Key::Kind::Policy, .object = {.ns = {}, .name = name}});
}

void Triggers::add_foreign_binding(const api::ObjectKey& key) {
  if (is_leading_()) queue_.add({.kind = Key::Kind::Binding, .object = key});
}

void Triggers::add_policy_counts(const std::string& name) {
  if (is_leading_())
    queue_.add_after({.kind = Key::Kind::Policy, .object = {.ns = {}, .name = name}}, kCountsPace);
}

template <class Predicate>
void Triggers::add_requests_where(Predicate concerns) {
  for (const auto& request : stores_.requests.list()) {
    if (concerns(*request)) add_request(request->metadata.key());
  }
}

void Triggers::add_requests_of_policy(const std::string& name) {
  add_requests_where([&](const api::AccessRequest& request) { return request.spec.policy == name; });
}

}  // namespace curfew::reconcile
