#pragma once

#include <set>
#include <string>

#include "reconcile/role_reviews.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

namespace curfew::testing {

inline const std::string kAuthorizationPath = "/apis/authorization.k8s.io/v1/";
inline const std::string kAccessReviewPath = kAuthorizationPath + "selfsubjectaccessreviews";
inline const std::string kClusterRolesPath = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

// An API server that answers reviews of Curfew's permissions.
struct ReviewsFixture {
  FakeApi api;
  kube::Client client{api};
  reconcile::Stores stores;
  ManualClock clock;
  // "RESOURCE/NAME" may be bound everywhere, "RESOURCE/NAME in NAMESPACE" there.
  std::set<std::string> bindable;

  ReviewsFixture() {
    api.review(kAccessReviewPath, [this](nlohmann::json object) {
      const auto asked = object.at("spec").at("resourceAttributes");
      const std::string role =
          asked.at("resource").get<std::string>() + "/" + asked.at("name").get<std::string>();
      const bool is_bind = asked.at("verb") == "bind" && asked.at("group") == "rbac.authorization.k8s.io";
      object["status"]["allowed"] =
          is_bind &&
          (bindable.contains(role) || bindable.contains(role + " in " + asked.value("namespace", "")));
      return object;
    });
    api.put_raw("/api/v1", {{"resources", {{{"name", "pods"}, {"namespaced", true}}}}});
    make_role("debugger");
  }

  // ClusterRole NAME lists pods; the watch has delivered it.
  void make_role(const std::string& name, const std::string& verb = "list") {
    const nlohmann::json json{
        {"metadata", {{"name", name}, {"uid", "uid-of-" + name}, {"resourceVersion", "7"}}},
        {"rules", {{{"apiGroups", {""}}, {"resources", {"pods"}}, {"verbs", {verb}}}}}};
    api.put_raw(kClusterRolesPath + "/" + name, json);
    deliver(stores.cluster_roles, reconcile::summary_of(decoded<api::ClusterRole>(json)));
  }
  void make_role_in(const std::string& ns, const std::string& name) {
    deliver(stores.roles, reconcile::summary_of(role_named<api::Role>(name, ns)));
  }
  void make_namespace(const std::string& name) {
    deliver(stores.namespaces, namespace_with({{"team", "a"}}, name));
  }
};

inline const nlohmann::json kByTeam{{"selector", {{"matchLabels", {{"team", "a"}}}}}};

inline api::AccessPolicy offering(const nlohmann::json& namespaces,
                                  const nlohmann::json& role = {{"kind", "ClusterRole"},
                                                                {"name", "debugger"}}) {
  auto policy = policy_with({{"roles", {role}}, {"namespaces", namespaces}});
  policy.metadata.generation = 1;
  return policy;
}

}  // namespace curfew::testing
