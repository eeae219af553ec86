#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "api/meta.hpp"

// A question to the API server about the permissions of whoever asks. Nothing is stored. ClusterRole
// system:basic-user allows it to everybody who is authenticated.
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

nlohmann::json encode(const SelfSubjectAccessReview& review);

}  // namespace curfew::api
