#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace curfew::api {

// Or a ClusterRoleBinding: HasClusterKind.
struct RoleBinding {
  static constexpr std::string_view kKind = "RoleBinding";
  static constexpr std::string_view kPath = "/apis/rbac.authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "rolebindings";
  static constexpr std::string_view kClusterKind = "ClusterRoleBinding";
  static constexpr std::string_view kClusterPlural = "clusterrolebindings";

  ObjectMeta metadata;
  RoleRef role_ref;
  std::vector<Subject> subjects;
};

// One rule of a role; as in RBAC, "*" stands for all, and a subresource is written RESOURCE/SUBRESOURCE.
struct PolicyRule {
  std::vector<std::string> api_groups;
  std::vector<std::string> resources;
  std::vector<std::string> verbs;
  std::vector<std::string> resource_names;
  std::vector<std::string> non_resource_urls;

  bool operator==(const PolicyRule&) const = default;
};

struct Role {
  static constexpr std::string_view kKind = "Role";
  static constexpr std::string_view kPath = "/apis/rbac.authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "roles";

  ObjectMeta metadata;
  std::vector<PolicyRule> rules;
};

struct ClusterRole {
  static constexpr std::string_view kKind = "ClusterRole";
  static constexpr std::string_view kPath = "/apis/rbac.authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "clusterroles";

  ObjectMeta metadata;
  std::vector<PolicyRule> rules;
  bool is_aggregated = false;  // the control plane collects its rules from other ClusterRoles
};

struct Namespace {
  static constexpr std::string_view kKind = "Namespace";
  static constexpr std::string_view kPath = "/api/v1";
  static constexpr std::string_view kPlural = "namespaces";

  ObjectMeta metadata;
};

nlohmann::json encode(const RoleBinding& binding);

}  // namespace curfew::api
