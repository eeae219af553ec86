#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "api/meta.hpp"
#include "api/rbac.hpp"

// Questions to the API server about the permissions of whoever asks. Nothing is stored. ClusterRole
// system:basic-user allows them to everybody who is authenticated.
namespace curfew::api {

// Whether one action is allowed.
struct SelfSubjectAccessReview {
  static constexpr std::string_view kKind = "SelfSubjectAccessReview";
  static constexpr std::string_view kPath = "/apis/authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "selfsubjectaccessreviews";

  struct Attributes {
    std::string verb;
    std::string group;
    std::string resource;
    std::string name;
    std::string ns;  // empty: in all namespaces
    bool operator==(const Attributes&) const = default;
  };
  ObjectMeta metadata;  // empty
  Attributes attributes;
  bool allowed = false;  // the answer
};

// Which rules hold in a namespace, those that hold in all namespaces included.
struct SelfSubjectRulesReview {
  static constexpr std::string_view kKind = "SelfSubjectRulesReview";
  static constexpr std::string_view kPath = "/apis/authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "selfsubjectrulesreviews";

  ObjectMeta metadata;  // empty
  std::string ns;
  std::vector<PolicyRule> resource_rules;      // the answer
  std::vector<PolicyRule> non_resource_rules;  // the answer
};

nlohmann::json encode(const SelfSubjectAccessReview& review);
nlohmann::json encode(const SelfSubjectRulesReview& review);

}  // namespace curfew::api
