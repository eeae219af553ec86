#pragma once

#include <functional>
#include <memory>

#include "kube/reflector.hpp"
#include "kube/watches.hpp"
#include "reconcile/stores.hpp"
#include "reconcile/triggers.hpp"

namespace curfew::reconcile {

// The watches that keep the stores in sync. Each change goes to the observer of its kind first, then to the
// triggers, so that what a reconcile reads from an observer is not older than the change.
class StoreWatches {
 public:
  template <class T>
  using Observer =
      std::function<void(const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after)>;

  // Called on the reflectors' threads.
  struct Observers {
    Observer<api::AccessRequest> request;
    Observer<api::AccessPolicy> policy;
    Observer<api::RoleBinding> binding;
  };

  // The stores and the triggers must outlive it.
  StoreWatches(Stores& stores, Triggers& triggers, Observers observers)
      : stores_(stores), triggers_(triggers), observers_(std::move(observers)) {}

  void add_to(kube::Watches& watches);

 private:
  template <class T, class Kind = T>
  kube::ReflectorConfig<T> config(Result<T> (*decode)(const nlohmann::json&), kube::Selection selection,
                                  Observer<T> observer = {});
  kube::ReflectorConfig<RoleSummary> roles_config();
  // One watch of the objects in namespaces, one of those for the cluster.
  template <class T>
  static void add_both(kube::Watches& watches, kube::ScopedStore<T>& store,
                       const kube::ReflectorConfig<T>& config);

  Stores& stores_;
  Triggers& triggers_;
  const Observers observers_;
  std::shared_ptr<kube::Reflector<RoleSummary>> roles_;
};

}  // namespace curfew::reconcile
