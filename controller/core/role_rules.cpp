#include "core/role_rules.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "util/sha256.hpp"

namespace curfew::core {
namespace {

using Names = std::vector<std::string>;

Names sorted(Names names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool has(const Names& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& one) { return one == "*" || one == name; });
}

// "*" covers subresources too, and so does "*/SUBRESOURCE".
bool has_resource(const Names& names, std::string_view resource) {
  const std::size_t slash = resource.find('/');
  return has(names, resource) || (slash != std::string_view::npos && has(names, "*" + std::string(resource.substr(slash))));
}

struct Power {
  std::string_view group;
  std::string_view resource;
  std::string_view verb;
};

// A token, a Secret that holds one, a Pod that runs on under a ServiceAccount (or what makes Pods), a binding, another's identity.
constexpr std::array kOutliving{
    Power{"", "serviceaccounts/token", "create"},
    Power{"", "secrets", "create"},
    Power{"", "pods", "create"},
    Power{"", "replicationcontrollers", "create"},
    Power{"apps", "deployments", "create"},
    Power{"apps", "daemonsets", "create"},
    Power{"apps", "statefulsets", "create"},
    Power{"apps", "replicasets", "create"},
    Power{"batch", "jobs", "create"},
    Power{"batch", "cronjobs", "create"},
    Power{"rbac.authorization.k8s.io", "rolebindings", "create"},
    Power{"rbac.authorization.k8s.io", "clusterrolebindings", "create"},
    Power{"", "users", "impersonate"},
    Power{"", "groups", "impersonate"},
    Power{"", "serviceaccounts", "impersonate"},
};

bool allows(const api::PolicyRule& rule, const Power& power) {
  return has(rule.api_groups, power.group) && has_resource(rule.resources, power.resource) && has(rule.verbs, power.verb);
}

}  // namespace

std::string rules_hash(std::span<const api::PolicyRule> rules) {
  std::vector<std::string> lines;
  lines.reserve(rules.size());
  for (const api::PolicyRule& rule : rules) {
    const nlohmann::json line = {sorted(rule.api_groups), sorted(rule.resources), sorted(rule.verbs), sorted(rule.resource_names), sorted(rule.non_resource_urls)};
    lines.push_back(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  std::string text;
  for (const std::string& line : sorted(std::move(lines))) text += line + "\n";
  return "sha256:" + sha256_hex(text);
}

std::vector<std::string> outliving_powers(std::span<const api::PolicyRule> rules) {
  std::vector<std::string> powers;
  for (const Power& power : kOutliving) {
    const bool is_there = std::ranges::any_of(rules, [&](const api::PolicyRule& rule) { return allows(rule, power); });
    if (is_there) powers.push_back(std::string(power.verb) + " " + std::string(power.resource));
  }
  return powers;
}

}  // namespace curfew::core
