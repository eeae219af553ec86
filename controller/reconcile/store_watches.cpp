#include "reconcile/store_watches.hpp"

#include <string>
#include <utility>

#include "api/names.hpp"
#include "reconcile/decoders.hpp"

namespace curfew::reconcile {

template <class T, class Kind>
kube::ReflectorConfig<T> StoreWatches::config(Result<T> (*decode)(const nlohmann::json&),
                                              kube::Selection selection, Observer<T> observer) {
  kube::ReflectorConfig<T> config{
      .resource = kube::resource_of<Kind>(), .selection = std::move(selection), .decode = decode};
  config.on_change = [this, observer = std::move(observer)](const std::shared_ptr<const T>& before,
                                                            const std::shared_ptr<const T>& after) {
    if (observer) observer(before, after);
    triggers_.changed(before, after);
  };
  return config;
}

// Only Roles of names that policies offer are kept.
kube::ReflectorConfig<RoleSummary> StoreWatches::roles_config() {
  auto roles = config<RoleSummary, api::Role>(decode_role, {});
  roles.is_wanted = [this](const api::ObjectKey& key) { return stores_.offered_roles.is_offered(key.name); };
  roles.on_list_began = [this] { stores_.offered_roles.list_began(stores_.policies.list()); };
  roles.on_list_complete = [this] { stores_.offered_roles.list_complete(); };
  return roles;
}

template <class T>
void StoreWatches::add_both(kube::Watches& watches, kube::ScopedStore<T>& store,
                            const kube::ReflectorConfig<T>& config) {
  watches.add(store.namespaced(), config);
  kube::ReflectorConfig<T> for_cluster = config;
  for_cluster.selection.is_cluster_scoped = true;
  for_cluster.resource = kube::resource_of<T>(for_cluster.selection);
  watches.add(store.cluster(), std::move(for_cluster));
}

void StoreWatches::add_to(kube::Watches& watches) {
  // The first list of Roles waits for that of the policies.
  roles_ = watches.add(stores_.roles, roles_config(), [this] { return stores_.policies.synced(); });
  add_both(watches, stores_.bindings,
           config<api::RoleBinding>(decode_binding, {.labels = std::string(api::kRequestUidLabel)},
                                    observers_.binding));
  add_both(
      watches, stores_.requests,
      config<api::AccessRequest>(decode_request, {.fields = "status.complete!=true"}, observers_.request));
  watches.add(stores_.policies,
              config<api::AccessPolicy>(decode_policy, {}, [this](const auto& before, const auto& after) {
                observers_.policy(before, after);
                if (after && stores_.offered_roles.offer(*after)) roles_->relist();
              }));
  watches.add(stores_.namespaces, config<api::Namespace>(decode_namespace, {}));
  watches.add(stores_.cluster_roles, config<RoleSummary, api::ClusterRole>(decode_cluster_role, {}));
}

}  // namespace curfew::reconcile
