#pragma once

#include <string>
#include <string_view>

#include "api/meta.hpp"

namespace curfew::client {

// Names an object of any kind. The views are those of the kind, which live for ever.
struct ObjectRef {
  std::string_view path;  // of the API group and version, as in T::kPath
  std::string_view plural;
  std::string_view kind;
  api::ObjectKey key;

  auto operator<=>(const ObjectRef&) const = default;
};

template <class T>
ObjectRef ref_of(const api::ObjectKey& key) {
  return {.path = T::kPath, .plural = api::plural_of<T>(key.ns), .kind = api::kind_of<T>(key.ns), .key = key};
}

// Selects objects of a kind: in one namespace, or in all namespaces if `ns` is empty.
struct Selection {
  std::string ns;
  std::string fields;  // a field selector
  std::string labels;  // a label selector
  // For a kind that has both: the cluster-scoped objects instead of those in namespaces.
  bool is_cluster_scoped = false;
};

// The objects that `selection` selects, as a reference without a key.
template <class T>
ObjectRef ref_of_list(const Selection& selection) {
  if (selection.is_cluster_scoped) return ref_of<T>(api::ObjectKey{});
  return {.path = T::kPath, .plural = T::kPlural, .kind = T::kKind, .key = {}};
}

// Whether the API server can have a namespace of that name; true for an empty name, which means none.
bool can_be_namespace(std::string_view ns);

// Whether the API server can have an object of that name. Only such a name may become part of a path: kubectl
// parses and rebuilds the path of "get --raw", which would turn an escaped "../" back into a real one.
bool can_exist(const ObjectRef& ref);

// The URL path of the object. Its name must be one that can_exist().
std::string path_of(const ObjectRef& ref);

// The URL path of the objects of a kind in one namespace, or in all if `ns` is empty.
std::string path_of(std::string_view path, std::string_view plural, const std::string& ns);

// The kind as kubectl and the API server write it: "clusterroles.rbac.authorization.k8s.io".
std::string resource_of(const ObjectRef& ref);

// The object as an argument of "kubectl get": "clusterroles.v1.rbac.authorization.k8s.io/view".
std::string argument_of(const ObjectRef& ref);

// What the API server calls the object in an error: `clusterroles.rbac.authorization.k8s.io "view"`.
std::string name_in_errors(const ObjectRef& ref);

// "a=b&c=d" with the selectors of the selection; empty if it has none.
std::string query_of(const Selection& selection);

}  // namespace curfew::client
