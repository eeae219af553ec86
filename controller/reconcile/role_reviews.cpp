#include "reconcile/role_reviews.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/names.hpp"
#include "util/log.hpp"
#include "util/sha256.hpp"

namespace curfew::reconcile {
namespace {

using std::chrono::milliseconds;

// After a change: until the API servers' RBAC has probably followed.
constexpr milliseconds kSettle{1000};
// Reviews that a change or a new term makes due together are spread over this time for each policy.
constexpr milliseconds kSpread{5};
// Shorter than the interval of the slow resync, which reviews every policy.
constexpr std::chrono::hours kValidity{5};
constexpr milliseconds kFirstRetry{2000};
constexpr milliseconds kMaxRetry{std::chrono::minutes(5)};

bool has_observed(const api::AccessPolicy& policy) {
  return policy.status.observed_generation == policy.metadata.generation;
}

}  // namespace

RoleReviews::Answer RoleReviews::review(const api::AccessPolicy& policy, std::stop_token stop) {
  State state = state_of(policy);
  if (state.due && *state.due <= clock_.steady()) ask(policy, state, std::move(stop));
  Answer answer{
      .bind_refusals = state.bind_refusals, .beyond_namespace = state.beyond_namespace, .ask_again = {}};
  if (state.due) answer.ask_again = std::max<Duration>(*state.due - clock_.steady(), milliseconds(1));
  // If it is not there any more, the term has ended meanwhile.
  states_.with([&](States& states) {
    const auto known = states.of.find(policy.metadata.name);
    if (known != states.of.end()) known->second = std::move(state);
  });
  return answer;
}

void RoleReviews::forget(const std::string& policy) {
  states_.with([&](States& states) { states.of.erase(policy); });
}

void RoleReviews::end_term() {
  states_.with([](States& states) { states.of.clear(); });
  scopes_.forget();
}

// Decides what is due, if this is the first review of a version of the policy, or if something has changed.
RoleReviews::State RoleReviews::state_of(const api::AccessPolicy& policy) {
  const std::string basis = basis_of(policy);
  const Instant now = clock_.steady();
  return states_.with([&](States& states) {
    auto [entry, is_new] = states.of.try_emplace(
        policy.metadata.name,
        State{.backoff = Backoff(kFirstRetry, kMaxRetry, static_cast<unsigned>(states.random()))});
    State& state = entry->second;
    const bool is_other =
        is_new || state.uid != policy.metadata.uid || state.generation != policy.metadata.generation;
    if (is_other) {
      state.uid = policy.metadata.uid;
      state.generation = policy.metadata.generation;
      state.bind_refusals.reset();
      state.beyond_namespace.reset();
    }
    const bool is_changed = is_other || state.basis != basis;
    const bool is_old = !state.due && state.asked_at && now - *state.asked_at > kValidity;
    if (is_changed) {
      state.basis = basis;
      state.is_confirmed = false;
      state.backoff.reset();
    }
    if (is_changed || is_old) {
      std::uniform_int_distribution<std::int64_t> spread(
          0, kSpread.count() * static_cast<std::int64_t>(states.of.size()));
      const bool is_urgent = is_other && !has_observed(policy);
      state.due = is_urgent ? now : now + kSettle + milliseconds(spread(states.random));
    }
    return state;
  });
}

void RoleReviews::ask(const api::AccessPolicy& policy, State& state, std::stop_token stop) {
  auto binds = binds_.ask(policy, stop);
  auto scopes = scopes_.ask(policy, stop);
  const bool is_settled =
      binds && binds->refusals.empty() && !binds->is_partial && scopes && !scopes->is_partial;
  if (binds) state.bind_refusals = std::move(binds->refusals);
  if (scopes) state.beyond_namespace = std::move(scopes->roles);
  if (!binds || !scopes) {
    log::warn("cannot review the roles of a policy",
              {{"policy", policy.metadata.name}, {"err", (binds ? scopes.error() : binds.error()).message}});
    state.due = clock_.steady() + state.backoff.next();
    return;
  }
  state.asked_at = clock_.steady();
  if (!std::exchange(state.is_confirmed, true))
    state.due = *state.asked_at + kSettle;
  else if (is_settled)
    state.due.reset();
  else
    state.due = *state.asked_at + state.backoff.next();
}

std::string RoleReviews::basis_of(const api::AccessPolicy& policy) const {
  std::vector<std::string> parts;
  const auto add = [&](const RoleSummary& role) {
    parts.push_back(to_string(role.metadata.key()) + " " + role.metadata.uid + " " + role.rules_hash.str());
  };
  for (const std::string_view name : {api::kGrantableRole, api::kGrantableClusterWideRole})
    if (const auto grantable = stores_.cluster_roles.get({"", std::string(name)})) add(*grantable);
  bool offers_roles = false;
  for (const api::RoleRef& role : policy.spec.roles) {
    if (role.kind != api::ClusterRole::kKind)
      offers_roles = true;
    else if (const auto found = stores_.cluster_roles.get({"", role.name}))
      add(*found);
  }
  if (offers_roles) {
    const auto is_offered = [&](const std::string& name) {
      return std::ranges::any_of(policy.spec.roles, [&](const api::RoleRef& role) {
        return role.kind == api::Role::kKind && role.name == name;
      });
    };
    for (const auto& role : stores_.roles.list())
      if (is_offered(role->metadata.name)) add(*role);
  }
  std::ranges::sort(parts);
  std::string text;
  for (const std::string& part : parts) text += part + "\n";
  return sha256_hex(text);
}

}  // namespace curfew::reconcile
