#pragma once

#include <map>
#include <string>

#include "api/access_policy.hpp"
#include "api/rbac.hpp"

namespace curfew::core {

// metav1.LabelSelector as Kubernetes evaluates it: everything in it has to hold; NotIn holds for an object
// without the label; an unknown operator never holds.
bool matches(const api::LabelSelector& selector, const std::map<std::string, std::string>& labels);

// Whether a policy reaches a namespace, by its name or its labels; null: of that namespace nothing is known
// but its name.
bool reaches(const api::AccessPolicySpec::Namespaces& namespaces, const std::string& name,
             const api::Namespace* ns);

}  // namespace curfew::core
