#include "reconcile/offered_roles.hpp"

#include "api/rbac.hpp"

namespace curfew::reconcile {
namespace {

// Returns whether one of the names is new.
bool add_names(std::set<std::string>& names, const api::AccessPolicy& policy) {
  bool is_new = false;
  for (const api::RoleRef& role : policy.spec.roles)
    if (role.kind == api::Role::kKind) is_new = names.insert(role.name).second || is_new;
  return is_new;
}

}  // namespace

void OfferedRoles::list_began(const std::vector<std::shared_ptr<const api::AccessPolicy>>& policies) {
  std::set<std::string> names;
  for (const auto& policy : policies) add_names(names, *policy);
  state_.with([&](State& state) {
    state.offered = names;
    state.being_listed = std::move(names);
    std::erase_if(state.listed, [&](const std::string& name) { return !state.being_listed.contains(name); });
  });
}

void OfferedRoles::list_complete() {
  state_.with([](State& state) { state.listed = std::move(state.being_listed); });
}

bool OfferedRoles::offer(const api::AccessPolicy& policy) {
  return state_.with([&](State& state) { return add_names(state.offered, policy); });
}

bool OfferedRoles::is_offered(const std::string& name) const {
  return state_.with([&](const State& state) { return state.offered.contains(name); });
}

bool OfferedRoles::is_listed(const std::string& name) const {
  return state_.with([&](const State& state) { return state.listed.contains(name); });
}

}  // namespace curfew::reconcile
