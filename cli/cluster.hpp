#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/codec.hpp"
#include "cli/kubectl.hpp"

namespace curfew::cli {

// An object, and the JSON that it was read from: for -o json and yaml.
template <class T>
struct Read {
  T object;
  nlohmann::json json;
};

// Which objects of a kind: all of a namespace, or of all where it is empty.
struct Selection {
  std::string name_space;
  std::string fields;  // a field selector
  std::string labels;  // a label selector
};

// The cluster as one person sees it.
class Cluster {
 public:
  explicit Cluster(Kubectl kubectl) : kubectl_(std::move(kubectl)) {}

  Result<api::Person> whoami() const;
  // The kubeconfig's, or "default".
  std::string current_namespace() const;

  template <class T>
  Result<Read<T>> get(const api::ObjectKey& key) const {
    return decoded<T>(read(path_of(T::kPath, T::kPlural, key.name_space) + "/" + key.name));
  }

  template <class T>
  Result<std::vector<Read<T>>> list(const Selection& selection) const {
    const auto json = read(path_of(T::kPath, T::kPlural, selection.name_space) + query_of(selection));
    if (!json) return tl::unexpected(json.error());
    std::vector<Read<T>> items;
    for (const auto& item : json->value("items", nlohmann::json::array())) {
      auto one = decoded<T>(with_kind(item, T::kPath, T::kKind));
      if (!one) return tl::unexpected(one.error());
      items.push_back(std::move(*one));
    }
    return items;
  }

  // Each change from now on, until the API server ends the watch, or `take` answers false.
  Result<void> watch_requests(const Selection& selection, const std::function<bool(std::string_view type, Read<api::AccessRequest> request)>& take) const;

  // With `metadata.generateName`-like `prefix` where the request has no name. `dry_run`: the API server's whole opinion, and nothing is made.
  Result<Read<api::AccessRequest>> create(const api::AccessRequest& request, const std::string& prefix, bool dry_run) const;

  // Adds a decision of this person to the request as it was read: one that was changed in the meantime is a Conflict. Does what the annotation does, on every cluster.
  Result<Read<api::AccessRequest>> decide(const Read<api::AccessRequest>& request, const api::Decision& decision) const;

 private:
  static std::string path_of(std::string_view path, std::string_view plural, const std::string& name_space);
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
};

}  // namespace curfew::cli
