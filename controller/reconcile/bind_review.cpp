#include "reconcile/bind_review.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "api/access_review.hpp"
#include "api/names.hpp"
#include "api/rbac.hpp"
#include "core/policy/selector.hpp"

namespace curfew::reconcile {
namespace {

// The namespaces that are asked about for a role, at most.
constexpr std::size_t kMaxNamespaces = 16;

struct Reached {
  std::vector<std::string> named;
  std::vector<std::string> selected;  // not by name
};

bool is_cluster_role(const api::RoleRef& role) {
  return role.kind == api::ClusterRole::kKind;
}

// Where the policy offers the role, by name.
Reached reached_by(const api::AccessPolicySpec::Namespaces& where, const Stores& stores,
                   const api::RoleRef& role) {
  Reached reached;
  const auto is_wanted = [&](const std::string& ns) {
    return !core::is_reserved_namespace(ns) &&
           (is_cluster_role(role) || stores.roles.get({ns, role.name}) != nullptr);
  };
  std::ranges::copy_if(where.names, std::back_inserter(reached.named), is_wanted);
  if (!where.selector) return reached;
  for (const auto& ns : stores.namespaces.list()) {
    const std::string& name = ns->metadata.name;
    if (std::ranges::find(where.names, name) == where.names.end() &&
        core::matches(*where.selector, ns->metadata.labels) && is_wanted(name))
      reached.selected.push_back(name);
  }
  std::ranges::sort(reached.selected);
  return reached;
}

// Whether Curfew may do that with an object of RBAC; in all namespaces if `ns` is empty.
Result<bool> may(kube::Client& client, std::string_view verb, std::string_view plural,
                 const std::string& name, const std::string& ns, const std::stop_token& stop) {
  const auto review =
      client.create(api::SelfSubjectAccessReview{.metadata = {},
                                                 .attributes = {.verb = std::string(verb),
                                                                .group = "rbac.authorization.k8s.io",
                                                                .resource = std::string(plural),
                                                                .name = name,
                                                                .ns = ns}},
                    stop);
  if (!review) return tl::unexpected(review.error());
  return review->allowed;
}

Result<bool> may_bind(kube::Client& client, const api::RoleRef& role, const std::string& ns,
                      const std::stop_token& stop) {
  return may(client, "bind", is_cluster_role(role) ? api::ClusterRole::kPlural : api::Role::kPlural,
             role.name, ns, stop);
}

// As the API server asks when a ClusterRoleBinding is made: the verb bind, and by the admission policy
// curfew-bindings the verb grant-cluster-wide.
Result<std::vector<core::BindRefusal>> refused_cluster_wide(const api::AccessPolicy& policy,
                                                            const Stores& stores, kube::Client& client,
                                                            const std::stop_token& stop) {
  using ClusterWide = core::BindRefusal::ClusterWide;
  const auto is_enabled = may(client, "create", api::RoleBinding::kClusterPlural, "", "", stop);
  if (!is_enabled) return tl::unexpected(is_enabled.error());
  std::vector<core::BindRefusal> refusals;
  for (const api::RoleRef& role : policy.spec.roles) {
    if (!is_cluster_role(role) || !stores.cluster_roles.get({"", role.name})) continue;
    if (!*is_enabled) {
      refusals.push_back({.role = role, .namespaces = {}, .cluster_wide = ClusterWide::Disabled});
      continue;
    }
    for (const std::string_view verb : {std::string_view("bind"), api::kGrantClusterWide}) {
      const auto is_allowed = may(client, verb, api::ClusterRole::kPlural, role.name, "", stop);
      if (!is_allowed) return tl::unexpected(is_allowed.error());
      if (*is_allowed) continue;
      refusals.push_back({.role = role, .namespaces = {}, .cluster_wide = ClusterWide::RoleRefused});
      break;
    }
  }
  return refusals;
}

// nullopt: the role may be bound wherever that matters.
Result<std::optional<core::BindRefusal>> refusal_in(const Reached& reached, const api::RoleRef& role,
                                                    kube::Client& client, const std::stop_token& stop) {
  core::BindRefusal refusal{.role = role, .namespaces = {}};
  std::size_t asked = 0;
  bool is_allowed_somewhere = false;
  for (const std::string& ns : reached.named) {
    if (asked++ == kMaxNamespaces) break;
    const auto may = may_bind(client, role, ns, stop);
    if (!may) return tl::unexpected(may.error());
    is_allowed_somewhere = is_allowed_somewhere || *may;
    if (!*may) refusal.namespaces.push_back(ns);
  }
  std::vector<std::string> refused;
  for (const std::string& ns : reached.selected) {
    if (asked++ >= kMaxNamespaces) break;
    const auto may = may_bind(client, role, ns, stop);
    if (!may) return tl::unexpected(may.error());
    if (*may) {
      is_allowed_somewhere = true;
      refused.clear();
      break;
    }
    refused.push_back(ns);
  }
  std::ranges::move(refused, std::back_inserter(refusal.namespaces));
  if (refusal.namespaces.empty()) return std::nullopt;
  if (!is_allowed_somewhere) refusal.namespaces.clear();
  return refusal;
}

}  // namespace

Result<BindReview::Answer> BindReview::ask(const api::AccessPolicy& policy, const std::stop_token& stop) {
  Answer answer;
  if (api::is_cluster_wide(policy.spec)) {
    auto refusals = refused_cluster_wide(policy, stores_, client_, stop);
    if (!refusals) return tl::unexpected(refusals.error());
    answer.refusals = std::move(*refusals);
    return answer;
  }
  for (const api::RoleRef& role : policy.spec.roles) {
    // A missing ClusterRole is a problem of its own.
    if (is_cluster_role(role) && !stores_.cluster_roles.get({"", role.name})) continue;
    const auto everywhere = may_bind(client_, role, "", stop);
    if (!everywhere) return tl::unexpected(everywhere.error());
    if (*everywhere) continue;
    const Reached reached = reached_by(policy.spec.namespaces, stores_, role);
    if (reached.named.empty() && reached.selected.empty()) {
      answer.is_partial = true;
      continue;
    }
    auto refusal = refusal_in(reached, role, client_, stop);
    if (!refusal) return tl::unexpected(refusal.error());
    if (*refusal) answer.refusals.push_back(std::move(**refusal));
  }
  return answer;
}

}  // namespace curfew::reconcile
