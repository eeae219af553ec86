#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "api/meta.hpp"
#include "http/transport.hpp"

// Requests to the API server, built without I/O.
namespace curfew::kube {

// The API path and the names of a kind.
struct Resource {
  std::string path;    // "/apis/curfew.dev/v1alpha1", "/api/v1"
  std::string plural;  // "accessrequests"
  std::string kind;    // "AccessRequest"; for messages

  bool operator==(const Resource&) const = default;
};

template <class T>
Resource resource_of() {
  return {std::string(T::kPath), std::string(T::kPlural), std::string(T::kKind)};
}

// Of an object in that namespace, or of a cluster-scoped one if `ns` is empty.
template <class T>
Resource resource_of(std::string_view ns) {
  return {std::string(T::kPath), std::string(api::plural_of<T>(ns)), std::string(api::kind_of<T>(ns))};
}

// Selects objects of a kind; empty fields select all.
struct Selection {
  std::string ns;
  std::string labels;  // "curfew.dev/request-uid,team=payments"
  std::string fields;  // "status.complete!=true"
  // For a kind that has both: the cluster-scoped objects instead of those in namespaces.
  bool is_cluster_scoped = false;
};

// Of the objects that `selection` selects.
template <class T>
Resource resource_of(const Selection& selection) {
  return selection.is_cluster_scoped ? resource_of<T>("") : resource_of<T>();
}

struct ListParams {
  int limit = 500;  // see Client::list, which changes it
  std::string continue_token;
  std::string resource_version;  // empty: the most recent (a consistent read)
};

struct WatchParams {
  std::string resource_version;
  bool allow_bookmarks = true;
  std::chrono::seconds timeout{300};  // the server then ends the stream
};

// Escapes a value for a field selector, where "," and "=" are separators and "\\" escapes them.
std::string escape_field_value(std::string_view value);

// "/apis/GROUP/VERSION/namespaces/NS/PLURAL[/NAME[/SUBRESOURCE]]", encoded.
std::string target_of(const Resource& resource, std::string_view ns, std::string_view name = {},
                      std::string_view subresource = {});

http::Request list_request(const Resource& resource, const Selection& selection, const ListParams& params);
http::Request watch_request(const Resource& resource, const Selection& selection, const WatchParams& params);
http::Request get_request(const Resource& resource, const api::ObjectKey& key);
http::Request create_request(const Resource& resource, std::string_view ns, const nlohmann::json& object);
http::Request update_request(const Resource& resource, const api::ObjectKey& key,
                             const nlohmann::json& object);
// JSON merge patches; a metadata.resourceVersion or metadata.uid in the patch makes them conditional.
http::Request merge_patch_request(const Resource& resource, const api::ObjectKey& key,
                                  const nlohmann::json& patch);
// The patch that replaces a status, only if the object is unchanged since it was read.
nlohmann::json status_patch(const api::ObjectMeta& as_read, nlohmann::json status);
http::Request status_patch_request(const Resource& resource, const api::ObjectKey& key,
                                   const nlohmann::json& patch);
// Deletes only if the object still has that uid; dependents are deleted in the background.
http::Request delete_request(const Resource& resource, const api::ObjectKey& key, std::string_view uid);
http::Request json_request(http::Method method, std::string target, const nlohmann::json& body);

}  // namespace curfew::kube
