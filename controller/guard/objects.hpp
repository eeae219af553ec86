#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace curfew::guard {

// The admission policies of manifests/base/guard and the kinds of crds/, as built into this program
// (generated).
std::vector<std::string_view> shipped_guard_yaml();

// "ValidatingAdmissionPolicy/curfew-identity" or "CustomResourceDefinition/accessrequests.curfew.dev" -> its
// spec, with the API server's defaults filled in.
using GuardSpecs = std::map<std::string, nlohmann::json>;

// Parses the YAML above. Throws std::runtime_error where it is not a list of Kubernetes objects, which is a
// bug in the build. What the policy curfew-eligibility refuses, Curfew would refuse a moment later: whoever
// does without it loses the early answer and nothing else.
GuardSpecs shipped_guard(bool with_eligibility = true);

// A spec as the API server would store it: the defaults of ValidatingAdmissionPolicy,
// ValidatingAdmissionPolicyBinding and CustomResourceDefinition written out, and repeated line breaks joined,
// so that two that mean the same are equal.
nlohmann::json with_defaults(nlohmann::json spec);

// What differs, as a sentence; nullopt: the cluster's guard is what is shipped. `live` may hold objects of
// others, which do not count.
std::optional<std::string> guard_difference(const GuardSpecs& shipped, const GuardSpecs& live);

// The first place where two different specs differ: "spec.versions[0].subresources".
std::string place_of_difference(const nlohmann::json& shipped, const nlohmann::json& live);

// What is wrong with a guard object, as a sentence with the command that mends it.
std::string describe_missing(const std::string& id);
std::string describe_changed(const std::string& id, const std::string& place);

}  // namespace curfew::guard
