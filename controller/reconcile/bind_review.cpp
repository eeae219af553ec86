#include "reconcile/bind_review.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "api/access_review.hpp"
#include "api/rbac.hpp"
#include "core/policy/rule_cover.hpp"
#include "core/policy/selector.hpp"
#include "reconcile/read_role.hpp"

namespace curfew::reconcile {
namespace {

using Rules = std::vector<api::PolicyRule>;

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

// The questions about one policy. Answers that several roles need are asked for once.
class Questions {
 public:
  Questions(kube::Client& client, std::stop_token stop) : client_(client), stop_(std::move(stop)) {}

  // Whether the verb bind is allowed; in all namespaces if `ns` is empty.
  Result<bool> has_bind(const api::RoleRef& role, const std::string& ns) {
    const std::string plural(is_cluster_role(role) ? api::ClusterRole::kPlural : api::Role::kPlural);
    const auto review =
        client_.create(api::SelfSubjectAccessReview{.metadata = {},
                                                    .attributes = {.verb = "bind",
                                                                   .group = "rbac.authorization.k8s.io",
                                                                   .resource = plural,
                                                                   .name = role.name,
                                                                   .ns = ns}},
                       stop_);
    if (!review) return tl::unexpected(review.error());
    return review->allowed;
  }

  // Whether the API server would accept a binding of the role in that namespace.
  Result<bool> may_bind(const api::RoleRef& role, const std::string& ns) {
    auto has = has_bind(role, ns);
    if (!has || *has) return has;
    const auto held = held_in(ns);
    if (!held) return tl::unexpected(held.error());
    const auto rules = rules_of(role, ns);
    if (!rules) return tl::unexpected(rules.error());
    return *rules && core::cover(**held, **rules);
  }

 private:
  // The rules that Curfew itself has there.
  Result<const Rules*> held_in(const std::string& ns) {
    if (const auto known = held_.find(ns); known != held_.end()) return &known->second;
    auto review = client_.create(api::SelfSubjectRulesReview{.metadata = {}, .ns = ns}, stop_);
    if (!review) return tl::unexpected(review.error());
    Rules rules = std::move(review->resource_rules);
    std::ranges::move(review->non_resource_rules, std::back_inserter(rules));
    return &held_.emplace(ns, std::move(rules)).first->second;
  }

  // Null if the role does not exist.
  Result<const Rules*> rules_of(const api::RoleRef& role, const std::string& ns) {
    return is_cluster_role(role) ? find<api::ClusterRole>({"", role.name}) : find<api::Role>({ns, role.name});
  }

  template <class AnyRole>
  Result<const Rules*> find(const api::ObjectKey& key) {
    if (const auto known = rules_.find(key); known != rules_.end()) return &known->second;
    auto role = read_role<AnyRole>(client_, key, stop_);
    if (!role) return tl::unexpected(role.error());
    return *role ? &rules_.emplace(key, std::move((*role)->rules)).first->second : nullptr;
  }

  kube::Client& client_;
  const std::stop_token stop_;
  std::map<std::string, Rules> held_;
  std::map<api::ObjectKey, Rules> rules_;
};

// nullopt: the role may be bound wherever that matters.
Result<std::optional<core::BindRefusal>> refusal_in(const Reached& reached, const api::RoleRef& role,
                                                    Questions& questions) {
  core::BindRefusal refusal{.role = role, .namespaces = {}};
  std::size_t asked = 0;
  bool is_allowed_somewhere = false;
  for (const std::string& ns : reached.named) {
    if (asked++ == kMaxNamespaces) break;
    const auto may = questions.may_bind(role, ns);
    if (!may) return tl::unexpected(may.error());
    is_allowed_somewhere = is_allowed_somewhere || *may;
    if (!*may) refusal.namespaces.push_back(ns);
  }
  std::vector<std::string> refused;
  for (const std::string& ns : reached.selected) {
    if (asked++ >= kMaxNamespaces) break;
    const auto may = questions.may_bind(role, ns);
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

Result<BindReview::Answer> BindReview::ask(const api::AccessPolicy& policy, std::stop_token stop) {
  Answer answer;
  Questions questions(client_, std::move(stop));
  for (const api::RoleRef& role : policy.spec.roles) {
    // A missing ClusterRole is a problem of its own.
    if (is_cluster_role(role) && !stores_.cluster_roles.get({"", role.name})) continue;
    const auto everywhere = questions.has_bind(role, "");
    if (!everywhere) return tl::unexpected(everywhere.error());
    if (*everywhere) continue;
    const Reached reached = reached_by(policy.spec.namespaces, stores_, role);
    if (reached.named.empty() && reached.selected.empty()) {
      answer.is_partial = true;
      continue;
    }
    auto refusal = refusal_in(reached, role, questions);
    if (!refusal) return tl::unexpected(refusal.error());
    if (*refusal) answer.refusals.push_back(std::move(**refusal));
  }
  return answer;
}

}  // namespace curfew::reconcile
