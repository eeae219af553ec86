#pragma once

#include <string>
#include <vector>

#include "api/meta.hpp"

namespace curfew::api {

struct RoleBinding {
  static constexpr std::string_view kKind = "RoleBinding";
  static constexpr std::string_view kPath = "/apis/rbac.authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "rolebindings";

  ObjectMeta metadata;
  RoleRef role_ref;
  std::vector<Subject> subjects;
};

// Role and ClusterRole: whether they exist, and which of a name it is. Rules are not kept.
struct Role {
  static constexpr std::string_view kKind = "Role";
  static constexpr std::string_view kPath = "/apis/rbac.authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "roles";

  ObjectMeta metadata;
};

struct ClusterRole {
  static constexpr std::string_view kKind = "ClusterRole";
  static constexpr std::string_view kPath = "/apis/rbac.authorization.k8s.io/v1";
  static constexpr std::string_view kPlural = "clusterroles";

  ObjectMeta metadata;
};

struct Namespace {
  static constexpr std::string_view kKind = "Namespace";
  static constexpr std::string_view kPath = "/api/v1";
  static constexpr std::string_view kPlural = "namespaces";

  ObjectMeta metadata;
};

}  // namespace curfew::api
