#include "client/facts.hpp"

#include <algorithm>

#include "api/names.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"
#include "core/policy/role_rules.hpp"
#include "core/policy/selector.hpp"
#include "util/clock.hpp"

namespace curfew::client {
namespace {

template <class Role>
core::RoleFacts facts_of_role(const Role& role) {
  core::RoleFacts facts{
      .uid = role.metadata.uid, .rules_hash = core::rules_hash(role.rules), .is_aggregated = false};
  if constexpr (std::is_same_v<Role, api::ClusterRole>) facts.is_aggregated = role.is_aggregated;
  return facts;
}

// nullopt if the role does not exist.
template <class Role>
Result<std::optional<core::RoleFacts>> find(const Cluster& cluster, const api::ObjectKey& key) {
  auto role = cluster.get<Role>(key);
  if (!role && role.error().kind == ErrorKind::NotFound) return std::nullopt;
  if (!role) return tl::unexpected(role.error());
  return facts_of_role(role->object);
}

// Not every person may read the guard; the request's status says when the controller finds it not in force.
core::GuardState guard_of(const api::AccessRequest& request) {
  core::GuardState guard{.in_force = true, .since = {}, .difference = {}};
  const auto* approved = api::find_condition(request.status.conditions, api::kApproved);
  if (approved != nullptr && approved->reason == api::reason::kGuardNotInForce) {
    guard.in_force = false;
    guard.difference = approved->message;
  }
  return guard;
}

}  // namespace

std::vector<core::Denial> problems_of(const api::AccessPolicy& policy) {
  const auto* ready = api::find_condition(policy.status.conditions, api::kReady);
  if (ready == nullptr)
    return {{.reason = std::string(api::reason::kPolicyNotReady),
             .message = "Curfew has not looked at it yet",
             .may_pass = true}};
  if (ready->status == "True") return {};
  return {{.reason = ready->reason, .message = ready->message, .may_pass = false}};
}

Facts FactFinder::facts_of(const api::AccessRequest& request,
                           std::shared_ptr<const api::AccessPolicy> policy) {
  Facts facts;
  core::Input& input = facts.input;
  input.request = std::make_shared<const api::AccessRequest>(request);
  input.policy = std::move(policy);
  input.guard = guard_of(request);
  input.now = SystemClock().now();
  if (input.guard.in_force) facts.unseen["guard-in-force"] = "only Curfew can tell";
  if (input.policy) {
    if (input.policy->spec.schedule) input.time_zone = TimeZone::find(input.policy->spec.schedule->time_zone);
    input.policy_problems = problems_of(*input.policy);
  }
  find_namespace(facts);
  find_role(facts);
  find_usage(facts);
  return facts;
}

void FactFinder::find_namespace(Facts& facts) {
  const std::string& name = facts.input.request->metadata.ns;
  if (!facts.input.policy || !facts.input.policy->spec.namespaces.selector ||
      core::reaches(facts.input.policy->spec.namespaces, name, nullptr))
    return;
  // An empty selector matches every namespace, whatever its labels.
  if (*facts.input.policy->spec.namespaces.selector == api::LabelSelector{}) {
    facts.input.ns = std::make_shared<const api::Namespace>();
    return;
  }
  auto known = namespaces_.find(name);
  if (known == namespaces_.end()) {
    auto found = cluster_.get<api::Namespace>({"", name}).map([](auto&& read) {
      return std::make_shared<const api::Namespace>(std::move(read.object));
    });
    known = namespaces_.emplace(name, std::move(found)).first;
  }
  if (known->second) {
    facts.input.ns = *known->second;
  } else {
    facts.unseen["namespace-allowed"] = "you may not look at namespace " + name + ", whose labels decide";
  }
}

void FactFinder::find_role(Facts& facts) {
  core::Input& input = facts.input;
  const auto role = core::effective_role(*input.request, input.policy.get());
  if (!role) return;
  auto found = role->kind == "Role" ? find<api::Role>(cluster_, {input.request->metadata.ns, role->name})
                                    : find<api::ClusterRole>(cluster_, {"", role->name});
  if (found) {
    input.role = std::move(*found);
    return;
  }
  input.role = core::RoleFacts{.uid = input.request->status.role_uid,
                               .rules_hash = input.request->status.role_rules_hash,
                               .is_aggregated = false};
  // A policy that names a ClusterRole which does not exist is not Ready.
  if (role->kind == "Role" || !input.policy || !input.policy_problems.empty())
    facts.unseen["role-exists"] = "you may not look at that role";
  if (!input.request->status.role_uid.empty())
    facts.unseen["role-unchanged"] = "you may not look at that role";
}

void FactFinder::find_usage(Facts& facts) {
  core::Input& input = facts.input;
  if (!input.policy || !input.policy->spec.limits) return;
  const auto subject = core::effective_subject(*input.request);
  auto others = cluster_.list<api::AccessRequest>(
      {.ns = "", .fields = "spec.policy=" + input.policy->metadata.name, .labels = ""});
  if (!others || !subject) {
    for (const char* check : {"active-limit", "cooldown"})
      facts.unseen[check] = "you may not look at the requests of all namespaces";
    return;
  }
  for (const auto& [other, _] : *others) {
    const auto& status = other.status;
    if (other.metadata.uid == input.request->metadata.uid || !status.subject ||
        core::username_of(*status.subject) != core::username_of(*subject))
      continue;
    if (status.phase == api::Phase::Active) ++input.usage.active;
    if (status.granted_at && status.ended_at)
      input.usage.last_end = std::max(input.usage.last_end.value_or(*status.ended_at), *status.ended_at);
  }
}

std::vector<core::Finding> findings_of(const Facts& facts) {
  auto findings = core::explain(facts.input);
  for (core::Finding& finding : findings) {
    const auto unseen = facts.unseen.find(std::string(finding.check));
    if (unseen == facts.unseen.end() || finding.outcome == core::Finding::Outcome::NotChecked) continue;
    finding.outcome = core::Finding::Outcome::NotChecked;
    finding.message = unseen->second;
  }
  return findings;
}

}  // namespace curfew::client
