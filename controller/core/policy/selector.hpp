#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/access_policy.hpp"
#include "api/rbac.hpp"

namespace curfew::core {

// metav1.LabelSelector as Kubernetes evaluates it: all requirements must match; NotIn matches an object
// without the label; an unknown operator never matches.
bool matches(const api::LabelSelector& selector, const std::map<std::string, std::string>& labels);

// Whether a policy reaches a namespace, by name or by labels; `ns` is null if only the name is known.
bool reaches(const api::AccessPolicySpec::Namespaces& namespaces, const std::string& name,
             const api::Namespace* ns);

// Whether it is kube-* or Curfew's own namespace: `edit` there gives control of the cluster or of Curfew.
bool is_reserved_namespace(std::string_view name);

}  // namespace curfew::core
