#include "core/policy/rule_cover.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace curfew::core {
namespace {

using Texts = std::vector<std::string>;

bool includes(const Texts& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

bool includes_or_any(const Texts& texts, std::string_view text) {
  return includes(texts, "*") || includes(texts, text);
}

// "*/SUBRESOURCE" covers that subresource of every resource.
bool includes_resource(const Texts& held, std::string_view resource) {
  const auto slash = resource.find('/');
  return includes_or_any(held, resource) ||
         (slash != std::string_view::npos && includes(held, "*" + std::string(resource.substr(slash))));
}

// A held path may end in "*".
bool includes_url(const Texts& held, std::string_view url) {
  return std::ranges::any_of(held, [&](std::string_view one) {
    return one == url || (one.ends_with('*') && url.starts_with(one.substr(0, one.size() - 1)));
  });
}

// One verb on one resource; `name` is null for all names.
struct Permission {
  const std::string& verb;
  const std::string& group;
  const std::string& resource;
  const std::string* name;
};

bool allows(std::span<const api::PolicyRule> held, const Permission& wanted) {
  return std::ranges::any_of(held, [&](const api::PolicyRule& rule) {
    const bool has_name = rule.resource_names.empty() ||
                          (wanted.name != nullptr && includes(rule.resource_names, *wanted.name));
    return has_name && includes_or_any(rule.verbs, wanted.verb) &&
           includes_or_any(rule.api_groups, wanted.group) &&
           includes_resource(rule.resources, wanted.resource);
  });
}

bool allows_names(std::span<const api::PolicyRule> held, const api::PolicyRule& wanted,
                  const std::string& verb, const std::string& group, const std::string& resource) {
  if (wanted.resource_names.empty()) return allows(held, {verb, group, resource, nullptr});
  return std::ranges::all_of(wanted.resource_names, [&](const std::string& name) {
    return allows(held, {verb, group, resource, &name});
  });
}

bool allows_url(std::span<const api::PolicyRule> held, const std::string& verb, const std::string& url) {
  return std::ranges::any_of(held, [&](const api::PolicyRule& rule) {
    return includes_or_any(rule.verbs, verb) && includes_url(rule.non_resource_urls, url);
  });
}

bool covers_rule(std::span<const api::PolicyRule> held, const api::PolicyRule& wanted) {
  return std::ranges::all_of(wanted.verbs, [&](const std::string& verb) {
    const bool has_urls = std::ranges::all_of(
        wanted.non_resource_urls, [&](const std::string& url) { return allows_url(held, verb, url); });
    return has_urls && std::ranges::all_of(wanted.api_groups, [&](const std::string& group) {
             return std::ranges::all_of(wanted.resources, [&](const std::string& resource) {
               return allows_names(held, wanted, verb, group, resource);
             });
           });
  });
}

}  // namespace

bool cover(std::span<const api::PolicyRule> held, std::span<const api::PolicyRule> wanted) {
  return std::ranges::all_of(wanted, [&](const api::PolicyRule& rule) { return covers_rule(held, rule); });
}

}  // namespace curfew::core
