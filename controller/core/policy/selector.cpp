#include "core/policy/selector.hpp"

#include <algorithm>

#include "api/names.hpp"

namespace curfew::core {
namespace {

using Labels = std::map<std::string, std::string>;

bool matches(const api::LabelSelector::Requirement& requirement, const Labels& labels) {
  const auto label = labels.find(requirement.key);
  const bool present = label != labels.end();
  const auto& values = requirement.values;
  const bool listed = present && std::find(values.begin(), values.end(), label->second) != values.end();
  if (requirement.op == "In") return listed;
  if (requirement.op == "NotIn") return !listed;
  if (requirement.op == "Exists") return present;
  if (requirement.op == "DoesNotExist") return !present;
  return false;
}

}  // namespace

bool matches(const api::LabelSelector& selector, const Labels& labels) {
  const auto has = [&](const auto& wanted) {
    const auto label = labels.find(wanted.first);
    return label != labels.end() && label->second == wanted.second;
  };
  return std::all_of(selector.match_labels.begin(), selector.match_labels.end(), has) &&
         std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const auto& requirement) { return matches(requirement, labels); });
}

bool reaches(const api::AccessPolicySpec::Namespaces& namespaces, const std::string& name,
             const api::Namespace* ns) {
  if (std::find(namespaces.names.begin(), namespaces.names.end(), name) != namespaces.names.end())
    return true;
  return namespaces.selector && ns != nullptr && matches(*namespaces.selector, ns->metadata.labels);
}

bool is_reserved_namespace(std::string_view name) {
  return name.starts_with("kube-") || name == api::kControllerNamespace;
}

}  // namespace curfew::core
