#include "core/policy/rule_scope.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/describe.hpp"

namespace curfew::core {
namespace {

constexpr std::string_view kAll = "*";
constexpr std::array<std::string_view, 8> kApiVerbs{"create", "delete", "deletecollection", "get",
                                                    "list",   "patch",  "update",           "watch"};
// The verbs of requests whose path has the name of the object.
constexpr std::array<std::string_view, 4> kVerbsWithName{"delete", "get", "patch", "update"};
constexpr std::size_t kMaxListed = 8;  // of each role

bool contains(std::span<const std::string_view> verbs, std::string_view verb) {
  return std::ranges::find(verbs, verb) != verbs.end();
}

std::string without_subresource(const std::string& resource) {
  return resource.substr(0, resource.find('/'));
}

// Whether one of the verbs on a cluster-scoped resource is checked in a namespace.
bool act_in_namespace(const std::vector<std::string>& verbs, const std::string& group,
                      const std::string& resource) {
  const bool is_namespaces = group.empty() && resource == "namespaces";
  return std::ranges::any_of(verbs, [&](const std::string& verb) {
    if (verb == kAll || contains(kApiVerbs, verb))
      return is_namespaces && (verb == kAll || contains(kVerbsWithName, verb));
    return true;
  });
}

enum class Effect { Some, None };

Effect effect_of(const api::PolicyRule& rule, const std::string& group, const std::string& resource,
                 const ResourceScopes& scopes) {
  const auto known = scopes.find(group);
  if (group == kAll || known == scopes.end()) return Effect::Some;
  const auto& [namespaced, cluster_scoped] = known->second;
  const std::string name = without_subresource(resource);
  if (name == kAll) return namespaced.empty() && !cluster_scoped.empty() ? Effect::None : Effect::Some;
  if (namespaced.contains(name) || !cluster_scoped.contains(name)) return Effect::Some;
  return act_in_namespace(rule.verbs, group, name) ? Effect::Some : Effect::None;
}

// The resources and paths that rules name, by whether some rule gives something of them in a namespace.
struct Sorted {
  std::set<std::string> useful;
  std::set<std::string> useless;

  void add(const api::PolicyRule& rule, const ResourceScopes& scopes) {
    for (const std::string& group : rule.api_groups) {
      for (const std::string& resource : rule.resources) {
        std::string name = resource;
        if (!group.empty()) name.append(".").append(group);
        (effect_of(rule, group, resource, scopes) == Effect::Some ? useful : useless).insert(name);
      }
    }
    useless.insert(rule.non_resource_urls.begin(), rule.non_resource_urls.end());
  }
};

std::string bounded_list(const std::vector<std::string>& what) {
  if (what.size() <= kMaxListed) return joined(what);
  return joined(std::span(what).first(kMaxListed)) + " and " + std::to_string(what.size() - kMaxListed) +
         " more";
}

}  // namespace

ClusterScopedRules cluster_scoped(std::span<const api::PolicyRule> rules, const ResourceScopes& scopes) {
  Sorted sorted;
  for (const api::PolicyRule& rule : rules) sorted.add(rule, scopes);
  ClusterScopedRules result{.what = {}, .is_everything = sorted.useful.empty()};
  for (const std::string& name : sorted.useless) {
    const bool is_part_of_all = name == kAll && !sorted.useful.empty();  // of all paths, as in cluster-admin
    if (!sorted.useful.contains(name) && !is_part_of_all) result.what.push_back(name);
  }
  return result;
}

std::set<std::string> groups_of(std::span<const api::PolicyRule> rules) {
  std::set<std::string> groups;
  for (const api::PolicyRule& rule : rules) {
    if (!rule.resources.empty()) groups.insert(rule.api_groups.begin(), rule.api_groups.end());
  }
  groups.erase(std::string(kAll));
  return groups;
}

bool has_unknown_resource(std::span<const api::PolicyRule> rules, const std::string& group,
                          const GroupScopes& scopes) {
  return std::ranges::any_of(rules, [&](const api::PolicyRule& rule) {
    return std::ranges::find(rule.api_groups, group) != rule.api_groups.end() &&
           std::ranges::any_of(rule.resources, [&](const std::string& resource) {
             const std::string name = without_subresource(resource);
             return name != kAll && !scopes.namespaced.contains(name) &&
                    !scopes.cluster_scoped.contains(name);
           });
  });
}

std::string describe(std::span<const RoleBeyondNamespace> roles) {
  std::string text;
  for (const auto& [role, rules] : roles) {
    text += (text.empty() ? "" : "; ") + bounded_list(rules.what) +
            (rules.is_everything ? ", which is all of " : " of ") + describe(role);
  }
  return text.empty() ? text : "Curfew grants roles in a namespace, where these rules give nothing: " + text;
}

}  // namespace curfew::core
