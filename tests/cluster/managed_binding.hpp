#pragma once

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>

#include "guard.hpp"
#include "util/time.hpp"

// RoleBindings as Curfew makes them, and the guard's refusals about them.
namespace curfew::test {

inline constexpr const char* kUid = "5f0c2f0e-3d4c-4f1b-8a54-0d2b8f6f1a11";
inline constexpr std::chrono::hours kGranted{1000};  // how long the bindings of these tests last

// "RoleBinding" or "ClusterRoleBinding".
inline std::string binding_kind() {
  return is_cluster_wide() ? "ClusterRoleBinding" : "RoleBinding";
}

inline Json role_binding(const std::string& ns, const std::string& name) {
  Json binding{
      {"apiVersion", "rbac.authorization.k8s.io/v1"},
      {"kind", binding_kind()},
      {"metadata", {{"name", name}}},
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "view"}}},
      {"subjects",
       Json::array({{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "alice"}}})}};
  if (!is_cluster_wide()) binding["metadata"]["namespace"] = ns;
  return binding;
}

inline std::string from_now(std::chrono::seconds time) {
  return format_rfc3339(
      floor_to_second(std::chrono::time_point_cast<TimePoint::duration>(std::chrono::system_clock::now())) +
      time);
}

// The binding that Curfew makes for the request "ask" with that UID.
inline Json managed_binding(const std::string& ns, const std::string& uid = kUid) {
  Json binding = role_binding(ns, "curfew-" + uid);
  binding["metadata"]["labels"] = {{"curfew.dev/request-uid", uid}};
  binding["metadata"]["annotations"] = {{"curfew.dev/expires-at", from_now(kGranted)},
                                        {"curfew.dev/request", ns + (is_cluster_wide() ? "-ask" : "/ask")}};
  binding["metadata"]["ownerReferences"] =
      Json::array({{{"apiVersion", "curfew.dev/v1alpha1"},
                    {"kind", is_cluster_wide() ? "ClusterAccessRequest" : "AccessRequest"},
                    {"name", is_cluster_wide() ? ns + "-ask" : "ask"},
                    {"uid", uid}}});
  return binding;
}

// A request, and a binding as if the request had been granted. Without the request, the garbage collector
// would delete the binding.
struct Managed {
  Asked asked;
  const Cluster& cluster = asked.cluster;
  const TestNamespace& space = asked.space;
  std::string uid = asked.stored()["metadata"]["uid"];
  std::string name = "curfew-" + uid;
  Person admin = cluster.admin();
  Person curfew = cluster.curfew();
  Person eve = cluster.somebody("eve", {"curfew-test-intruders"});

  Managed() {
    REQUIRE_THAT(curfew.kubectl({"create", "-f", "-"}, managed_binding(space.name(), uid).dump()),
                 Succeeds());
  }

  ProcessResult patch(const Person& who, const std::string& type, const Json& patch) const {
    return who.kubectl(space.on_binding("patch", name, {"--type", type, "--patch", patch.dump()}));
  }
  Json stored() const { return admin.get(space.binding(name)); }
};

// The refusal of Curfew's own writes.
inline std::string only_takes_away() {
  return "Curfew takes away from " + binding_kind() + "s of its own, deletes them, and changes nothing else";
}
inline std::string is_managed() {
  return "this " + binding_kind() + " is managed by Curfew: revoke the " +
         (is_cluster_wide() ? "ClusterAccessRequest" : "AccessRequest") + ", or delete the binding";
}
inline std::string made_by_curfew() {
  return is_cluster_wide() ? "made by Curfew only: make a ClusterAccessRequest"
                           : "made by Curfew only: make an AccessRequest";
}
inline constexpr const char* kNoFinalizers = "carries no finalizers";

}  // namespace curfew::test
