#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/codec.hpp"
#include "client/kubectl.hpp"
#include "util/percent_encoding.hpp"

namespace curfew::client {

// An object and the JSON it was decoded from, for -o json and yaml.
template <class T>
struct Read {
  T object;
  nlohmann::json json;
};

// Selects objects of a kind: in one namespace, or in all namespaces if `ns` is empty.
struct Selection {
  std::string ns;
  std::string fields;  // a field selector
  std::string labels;  // a label selector
};

struct Kubeconfig {
  std::string ns = "default";
  std::string server;  // the API server's address
};

// The cluster as one person sees it.
class Cluster {
 public:
  explicit Cluster(Kubectl kubectl) : kubectl_(std::move(kubectl)) {}

  Result<api::Person> whoami() const;
  // The settings of the kubeconfig's current context; read once.
  const Kubeconfig& kubeconfig() const;

  // Whether the API server can have an object of this kind with that name. Only such a name may become part
  // of a path.
  template <class T>
  static bool can_exist(const api::ObjectKey& key) {
    return can_be_in_path(T::kPath, key);
  }

  // Returns NotFound without a call if no such object can exist.
  template <class T>
  Result<Read<T>> get(const api::ObjectKey& key) const {
    if (!can_exist<T>(key))
      return fail(ErrorKind::NotFound,
                  "there can be no " + std::string(T::kKind) + " " + to_string(key) + ": that is no name");
    return decoded<T>(read(path_of(T::kPath, T::kPlural, key.ns) + "/" + percent_encode(key.name)));
  }

  template <class T>
  Result<std::vector<Read<T>>> list(const Selection& selection) const {
    if (!can_be_namespace(selection.ns)) return no_namespace(selection.ns);
    const auto json = read(path_of(T::kPath, T::kPlural, selection.ns) + query_of(selection));
    if (!json) return tl::unexpected(json.error());
    std::vector<Read<T>> items;
    for (const auto& item : json->value("items", nlohmann::json::array())) {
      auto one = decoded<T>(with_kind(item, T::kPath, T::kKind));
      if (!one) return tl::unexpected(one.error());
      items.push_back(std::move(*one));
    }
    return items;
  }

  // Passes each object that there is, then each change, to `take`, until the API server ends the watch, an
  // event cannot be read, or `take` returns false.
  Result<void> watch_requests(
      const Selection& selection,
      const std::function<bool(std::string_view type, Read<api::AccessRequest> request)>& take) const;

  // `prefix` becomes metadata.generateName if the request has no name. With `dry_run` the API server runs all
  // its checks but creates nothing.
  Result<Read<api::AccessRequest>> create(const api::AccessRequest& request, const std::string& prefix,
                                          bool dry_run) const;

  // Appends this person's decision to the request as read; Conflict if the request has changed since. Has the
  // same effect as the annotation, and works on every cluster.
  Result<Read<api::AccessRequest>> decide(const Read<api::AccessRequest>& request,
                                          const api::Decision& decision) const;

 private:
  static bool can_be_namespace(std::string_view ns);
  static bool can_be_in_path(std::string_view path, const api::ObjectKey& key);
  static tl::unexpected<Error> no_namespace(const std::string& ns);
  static std::string path_of(std::string_view path, std::string_view plural, const std::string& ns);
  static std::string query_of(const Selection& selection);
  static nlohmann::json with_kind(nlohmann::json item, std::string_view path, std::string_view kind);
  Result<nlohmann::json> read(const std::string& path) const;

  template <class T>
  static Result<Read<T>> decoded(Result<nlohmann::json> json) {
    if (!json) return tl::unexpected(json.error());
    auto object = api::decode<T>(*json);
    if (!object) return tl::unexpected(object.error());
    return Read<T>{.object = std::move(*object), .json = std::move(*json)};
  }

  Kubectl kubectl_;
  mutable std::optional<Kubeconfig> kubeconfig_;
};

}  // namespace curfew::client
