#pragma once

#include <map>
#include <string>

#include "api/access_policy.hpp"

namespace curfew::core {

// metav1.LabelSelector as Kubernetes evaluates it: everything in it has to hold; NotIn holds for an object without the label; an unknown operator never holds.
bool matches(const api::LabelSelector& selector, const std::map<std::string, std::string>& labels);

}  // namespace curfew::core
