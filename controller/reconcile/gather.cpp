#include "reconcile/gather.hpp"

#include <algorithm>
#include <tuple>

#include "core/decide/binding.hpp"
#include "core/decide/decide.hpp"
#include "core/decide/review.hpp"
#include "core/decide/trust.hpp"
#include "core/effective.hpp"
#include "core/policy/policy_status.hpp"
#include "limits/overdue_reviews.hpp"
#include "reconcile/earlier_requests.hpp"
#include "reconcile/facts.hpp"
#include "reconcile/read_role.hpp"

namespace curfew::reconcile {
namespace {

// without_policy() is called only if this is true, because it may take a token.
bool ends_without_policy(const core::Input& input) {
  const api::AccessRequest& request = *input.request;
  const bool is_pending =
      !request.status.complete && request.status.phase.value_or(api::Phase::Pending) == api::Phase::Pending;
  if (!is_pending || input.policy || core::had_policy(request) || input.flood || input.end_record ||
      input.granted_record)
    return false;
  if (input.request_is_gone || request.metadata.deletion_timestamp) return true;
  if (!input.guard.in_force) return false;
  const bool is_given_up = input.now >= request.metadata.creation_timestamp + input.settings.not_found_grace;
  return is_given_up || !request.decisions.empty() || !core::is_as_young_as_guard(request, input.guard);
}

}  // namespace

Result<std::optional<core::Input>> Gatherer::gather(const api::ObjectKey& key, core::GuardState guard,
                                                    std::stop_token stop) {
  auto found = find_request(key, stop);
  if (!found) return tl::unexpected(found.error());
  if (!found->request) return std::nullopt;

  core::Input input;
  input.request = found->request;
  input.request_is_gone = found->is_gone;
  input.is_completion_false = found->is_completion_false;
  if (const auto ending = judge_ending(input, stop); !ending) return tl::unexpected(ending.error());
  const api::AccessRequest& request = *input.request;
  input.policy = parts_.stores.policies.get({"", request.spec.policy});
  if (input.policy) {
    if (input.policy->spec.schedule) input.time_zone = TimeZone::find(input.policy->spec.schedule->time_zone);
    input.policy_problems = core::policy_problems(
        *input.policy,
        policy_facts(parts_.stores, input.time_zone.get(), parts_.believes(input.policy->metadata)),
        core::effective_role(request, input.policy.get()));
  }
  if (const auto found_role = find_role(input, stop); !found_role) return tl::unexpected(found_role.error());
  if (const auto found_binding = find_bindings(input, stop); !found_binding)
    return tl::unexpected(found_binding.error());
  if (const auto owner = look_at_owner(input, stop); !owner) return tl::unexpected(owner.error());
  if (!request.status.phase)
    input.flood = parts_.floods.judge(request, input.request_is_gone, input.policy != nullptr);
  if (input.flood) {
    const auto recorded = is_recorded(request, stop);
    if (!recorded) return tl::unexpected(recorded.error());
    if (*recorded) input.flood.reset();
  }
  if (const auto found_record = find_granted_record(input, stop); !found_record)
    return tl::unexpected(found_record.error());
  if (const auto found_extended = find_extended(input, stop); !found_extended)
    return tl::unexpected(found_extended.error());
  if (const auto found_usage = find_usage(input, stop); !found_usage)
    return tl::unexpected(found_usage.error());
  if (const auto found_end = find_end_record(input, stop); !found_end)
    return tl::unexpected(found_end.error());
  if (const auto found_review = find_review(input, stop); !found_review)
    return tl::unexpected(found_review.error());
  const RequestNote note = parts_.notes.of(request.metadata.uid);
  input.grant_failure = copy_of(note.failure);
  input.deleted_for = copy_of(note.deleted_for);
  input.unstorable = copy_of(note.unstorable);
  input.guard = std::move(guard);
  look_at_decisions(input);
  input.settings = parts_.settings;
  input.now = parts_.clock.now();
  look_at_presence(input);
  if (const auto found_decisions = find_recorded_decisions(input, stop); !found_decisions)
    return tl::unexpected(found_decisions.error());
  if (ends_without_policy(input)) input.without_policy = parts_.floods.without_policy(request);
  if (input.without_policy) {
    const auto recorded = is_recorded(request, stop);
    if (!recorded) return tl::unexpected(recorded.error());
    if (*recorded) input.without_policy.reset();
  }
  return input;
}

Result<void> Gatherer::find_usage(core::Input& input, std::stop_token stop) {
  const api::AccessRequest& request = *input.request;
  const bool may_be_granted = !input.flood && !input.request_is_gone &&
                              request.status.phase != api::Phase::Active && !request.status.complete;
  if (!input.policy || !may_be_granted) return {};
  const auto extends = core::effective_extends(input);
  auto usage = parts_.usage.usage_of(request, *input.policy, stop, extends ? extends->uid.str() : "");
  if (!usage) return tl::unexpected(usage.error());
  input.usage = *usage;
  if (input.policy->spec.review && input.policy->spec.review->block_while_overdue) {
    const auto subject = core::effective_subject(request);
    auto overdue = subject ? limits::find_overdue_review(parts_.client, *subject, input.policy->metadata.name,
                                                         parts_.clock.now(), stop)
                           : Result<std::optional<core::OverdueReview>>();
    if (!overdue) return tl::unexpected(overdue.error());
    input.overdue_review = std::move(*overdue);
  }
  return find_earlier(input, stop);
}

// Only at the first reconcile under a policy: after that, the status names the policy.
Result<void> Gatherer::find_earlier(core::Input& input, const std::stop_token& stop) {
  if (core::had_policy(*input.request)) return {};
  auto earlier = find_earlier_request(parts_.client, *input.request, *input.policy, stop);
  if (!earlier) return tl::unexpected(earlier.error());
  input.earlier = std::move(*earlier);
  return {};
}

// Decisions that arrive while the guard is not in force stay untrusted when it is in force again.
void Gatherer::look_at_decisions(core::Input& input) const {
  judge_claim(input);
  const std::string& uid = input.request->metadata.uid;
  const int decisions = static_cast<int>(input.request->decisions.size());
  input.observed_decisions = parts_.notes.of(uid).observed_decisions;
  if (!input.guard.in_force && decisions > input.observed_decisions.value_or(0))
    parts_.notes.remember_unwatched(uid, decisions);
  input.unwatched_decisions = parts_.notes.of(uid).unwatched_decisions;
  const int reviews = static_cast<int>(input.request->reviews.size());
  const auto& terms = input.request->status.review;
  if (!input.guard.in_force && reviews > (terms ? terms->observed : 0))
    parts_.notes.remember_unwatched_reviews(uid, reviews);
  input.unwatched_reviews = parts_.notes.of(uid).unwatched_reviews;
}

// Remembered for as long as the request is live: its note goes when it is over.
void Gatherer::look_at_presence(core::Input& input) const {
  if (input.request_is_gone || input.request->status.complete) return;
  const std::string& uid = input.request->metadata.uid;
  const core::Presence before = parts_.notes.of(uid).presence;
  const core::Presence now = core::observe_presence(input, before);
  if (now != before) parts_.notes.remember_presence(uid, now);
  input.absence = now.absence;
}

Result<void> Gatherer::find_role(core::Input& input, std::stop_token stop) {
  const auto role = core::effective_role(*input.request, input.policy.get());
  if (!role) return {};
  const std::string& ns = input.request->metadata.ns;
  input.role = role_facts(parts_.stores, *role, ns);
  const auto& offered = parts_.stores.offered_roles;
  // A policy has just begun to offer this role: the list of Roles of that name is not complete yet.
  if (input.role || role->kind != api::Role::kKind || !offered.is_offered(role->name) ||
      offered.is_listed(role->name))
    return {};
  const auto found = read_role<api::Role>(parts_.client, {ns, role->name}, std::move(stop));
  if (!found) return tl::unexpected(found.error());
  if (*found) input.role = summary_of(**found).facts();
  return {};
}

Result<core::Place> Gatherer::find_place(const core::Input& input, const RequestNote& note,
                                         const std::string& where, std::stop_token stop) {
  const api::AccessRequest& request = *input.request;
  const std::string& uid = request.metadata.uid;
  const api::ObjectKey key{where, api::binding_name(request)};
  const bool is_active = request.status.phase == api::Phase::Active;
  const BindingNote known = note.binding_in(where);
  core::Place place;
  place.where = where;
  place.ns = parts_.stores.namespaces.get({"", where});
  place.binding = parts_.stores.bindings.get(key);
  const auto& ended = request.status.ended_namespaces;
  place.has_ended = std::ranges::find(ended, where) != ended.end();
  const bool had_binding =
      (is_active || note.granted) && !place.has_ended && !core::awaits_review(request.status);
  // The store of this replica may lag behind the status, which another wrote.
  const bool is_in_doubt =
      place.binding ? place.has_ended : had_binding && !parts_.deletions.contains(known.gone_uid());
  if (is_in_doubt) {
    auto stored = parts_.client.find<api::RoleBinding>(key, std::move(stop));
    if (!stored) return tl::unexpected(stored.error());
    place.binding = *stored ? std::make_shared<const api::RoleBinding>(std::move(**stored)) : nullptr;
  }
  place.binding_uid = place.binding ? place.binding->metadata.uid : known.gone_uid();
  place.is_deleted_here = !place.binding && parts_.deletions.contains(place.binding_uid);
  if (!place.binding) place.binding_gone_at = known.gone_at;
  if (!place.binding) place.gone_binding = known.gone;
  place.granted_binding_uid = known.granted_uid;
  if (place.binding && is_active && place.granted_binding_uid.empty()) {
    place.granted_binding_uid = place.binding->metadata.uid;
    parts_.notes.remember_granted_binding(uid, where, place.granted_binding_uid);
  }
  return place;
}

namespace {

// Whether a decision is about this place rather than about the other one.
bool comes_first(const core::Place& place, const core::Place& other) {
  const auto rank = [](const core::Place& one) {
    // Without a binding: what others removed, and what went before the rest, tells why access ended.
    return std::tuple(!one.binding, one.has_ended, one.is_deleted_here,
                      one.binding_gone_at.value_or(TimePoint::max()));
  };
  return rank(place) < rank(other);
}

}  // namespace

Result<void> Gatherer::find_bindings(core::Input& input, const std::stop_token& stop) {
  const RequestNote note = parts_.notes.of(input.request->metadata.uid);
  std::vector<core::Place> places;
  for (const std::string& where : api::places_of(*input.request)) {
    auto place = find_place(input, note, where, stop);
    if (!place) return tl::unexpected(place.error());
    places.push_back(std::move(*place));
  }
  const auto at_hand = std::ranges::min_element(places, comes_first);
  static_cast<core::Place&>(input) = std::move(*at_hand);
  places.erase(at_hand);
  input.others = std::move(places);
  return {};
}

// If a request is deleted with --cascade=orphan, the garbage collector removes the owner reference of its
// binding, and the watches may deliver this before the deletion.
Result<void> Gatherer::look_at_owner(core::Input& input, std::stop_token stop) {
  const api::AccessRequest& request = *input.request;
  if (input.request_is_gone || !input.binding || core::is_ours(request, *input.binding)) return {};
  auto found = parts_.client.find<api::AccessRequest>(request.metadata.key(), std::move(stop));
  if (!found) return tl::unexpected(found.error());
  auto& stored = *found;
  input.request_is_gone = !stored || stored->metadata.uid != request.metadata.uid;
  if (!input.request_is_gone && stored->metadata.deletion_timestamp)
    input.request = std::make_shared<const api::AccessRequest>(std::move(*stored));
  return {};
}

Result<Gatherer::Found> Gatherer::find_request(const api::ObjectKey& key, std::stop_token stop) {
  while (auto departed = parts_.departed.first(key)) {
    auto found = find_departed(std::move(departed), stop);
    if (!found || found->request) return found;  // otherwise find_departed() has forgotten it
  }
  return Found{.request = parts_.stores.requests.get(key)};
}

Result<Gatherer::Found> Gatherer::find_departed(std::shared_ptr<const api::AccessRequest> last_state,
                                                std::stop_token stop) {
  const api::ObjectKey key = last_state->metadata.key();
  const auto live = parts_.stores.requests.get(key);
  if (live && live->metadata.uid == last_state->metadata.uid) {  // it still exists: the watch was behind
    parts_.departed.remove(key, last_state->metadata.uid);
    return Found{};
  }
  auto found = parts_.client.find<api::AccessRequest>(key, stop);
  if (!found) return tl::unexpected(found.error());
  auto& stored = *found;
  if (!stored || stored->metadata.uid != last_state->metadata.uid)
    return Found{.request = std::move(last_state), .is_gone = true};
  if (stored->status.complete && core::awaits_review(last_state->status)) {
    const auto reviewed = is_reviewed(*stored, *last_state->status.review, stop);
    if (!reviewed) return tl::unexpected(reviewed.error());
    if (!*reviewed) {
      stored->status = last_state->status;
      return Found{.request = std::make_shared<const api::AccessRequest>(std::move(*stored)),
                   .is_completion_false = true};
    }
  }
  if (stored->status.complete) {
    bool is_settled = std::ranges::none_of(api::places_of(*stored), [&](const std::string& where) {
      return parts_.stores.bindings.get({where, api::binding_name(*stored)}) != nullptr;
    });
    const RequestNote note = parts_.notes.of(stored->metadata.uid);
    if (is_settled && (note.granted || note.observed_decisions || note.is_recorded)) {
      const auto end = stored_record(stored->metadata.uid, api::AuditAction::Revoked, std::move(stop));
      if (!end) return tl::unexpected(end.error());
      is_settled = end->has_value();
    }
    // Stays a departed request until it is settled.
    if (!is_settled) return Found{.request = std::make_shared<const api::AccessRequest>(std::move(*stored))};
    parts_.notes.forget(stored->metadata.uid, parts_.clock.now());
  }
  parts_.departed.remove(key, last_state->metadata.uid);
  return Found{};
}

}  // namespace curfew::reconcile
