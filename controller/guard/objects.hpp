#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace curfew::guard {

// The admission policies of manifests/guard and the CRDs of crds/, embedded at build time (generated).
std::vector<std::string_view> shipped_guard_yaml();

// "ValidatingAdmissionPolicy/curfew-identity" or "CustomResourceDefinition/accessrequests.curfew.dev" -> its
// spec, with the API server's defaults filled in.
using GuardSpecs = std::map<std::string, nlohmann::json>;

// Parses that YAML. Throws std::exception if it is not a list of Kubernetes objects, which is a bug in the
// build. Admission policy curfew-eligibility is optional: Curfew itself rejects the same requests a moment
// later, so that without it only the early response is lost.
GuardSpecs shipped_guard(bool with_eligibility = true);

// A spec as the API server would store it: the defaults of ValidatingAdmissionPolicy,
// ValidatingAdmissionPolicyBinding and CustomResourceDefinition filled in, and repeated line breaks joined,
// so that equivalent specs compare equal.
nlohmann::json with_defaults(nlohmann::json spec);

// The first difference, as a sentence; nullopt if the cluster's guard matches the shipped one. Objects in
// `live` that are not shipped are ignored.
std::optional<std::string> guard_difference(const GuardSpecs& shipped, const GuardSpecs& live);

// The first place where two different specs differ: "spec.versions[0].subresources".
std::string place_of_difference(const nlohmann::json& shipped, const nlohmann::json& live);

// What is wrong with a guard object, as a sentence with the command that repairs it.
std::string describe_missing(const std::string& id);
std::string describe_changed(const std::string& id, const std::string& place);

}  // namespace curfew::guard
