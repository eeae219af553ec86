#pragma once

#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/store.hpp"

namespace curfew::kube {

// The objects of a kind that exists in namespaces and, under another name, for the whole cluster. Two
// watches keep it, one for each: see HasClusterKind.
template <api::HasClusterKind T>
class ScopedStore {
 public:
  using Pointer = typename Store<T>::Pointer;

  // The store of the objects in namespaces, or of those for the cluster if `ns` is empty.
  Store<T>& of(std::string_view ns) { return ns.empty() ? cluster_ : namespaced_; }
  const Store<T>& of(std::string_view ns) const { return ns.empty() ? cluster_ : namespaced_; }
  Store<T>& namespaced() { return namespaced_; }
  const Store<T>& namespaced() const { return namespaced_; }
  Store<T>& cluster() { return cluster_; }
  const Store<T>& cluster() const { return cluster_; }

  Pointer get(const api::ObjectKey& key) const { return of(key.ns).get(key); }

  // In no particular order.
  std::vector<Pointer> list() const {
    std::vector<Pointer> all = namespaced_.list();
    std::vector<Pointer> more = cluster_.list();
    all.insert(all.end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
    return all;
  }

  // Objects that the watches have delivered.
  std::size_t size() const { return namespaced_.size() + cluster_.size(); }
  // Whether both first lists have completed.
  bool synced() const { return namespaced_.synced() && cluster_.synced(); }

  void assume(T object) {
    Store<T>& store = of(object.metadata.ns);
    store.assume(std::move(object));
  }

 private:
  Store<T> namespaced_;
  Store<T> cluster_;
};

}  // namespace curfew::kube
