#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/codec.hpp"
#include "client/object_ref.hpp"
#include "util/result.hpp"

namespace curfew::client {

// An object and the JSON it was decoded from, for -o json and yaml.
template <class T>
struct Read {
  T object;
  nlohmann::json json;
};

template <class T>
Result<Read<T>> decoded(Result<nlohmann::json> json) {
  if (!json) return tl::unexpected(json.error());
  auto object = api::decode<T>(*json);
  if (!object) return tl::unexpected(object.error());
  return Read<T>{.object = std::move(*object), .json = std::move(*json)};
}

// Part of a list. A list that has to begin anew passes a second first page: what was collected before is
// void.
template <class T>
struct Page {
  std::vector<Read<T>> items;
  bool is_first = false;
};

// Objects of several kinds that were read together.
class Objects {
 public:
  // Fails with NotFound for an object that was not asked for.
  template <class T>
  Result<T> get(const api::ObjectKey& key) const {
    const auto found = objects_.find(ref_of<T>(key));
    if (found == objects_.end()) return fail(ErrorKind::NotFound, "this object was not asked for");
    return decoded<T>(found->second).map([](Read<T>&& read) { return std::move(read.object); });
  }
  void add(ObjectRef ref, Result<nlohmann::json> json) {
    objects_.insert_or_assign(std::move(ref), std::move(json));
  }

 private:
  std::map<ObjectRef, Result<nlohmann::json>> objects_;
};

struct Kubeconfig {
  std::string ns = "default";
  std::string server;  // the API server's address
};

// The cluster as one person sees it. Derived classes move JSON; names are checked and JSON is decoded here.
class Cluster {
 public:
  static constexpr int kPageSize = 500;

  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  virtual ~Cluster() = default;

  // The settings of the kubeconfig's current context.
  virtual const Kubeconfig& kubeconfig() const = 0;

  Result<api::Person> whoami() const;

  // Returns NotFound without a call if no such object can exist.
  template <class T>
  Result<Read<T>> get(const api::ObjectKey& key) const {
    return decoded<T>(get_one(ref_of<T>(key)));
  }

  // Reads objects of any kinds in as few calls as possible. Makes no call for those that cannot exist.
  Objects get_all(const std::vector<ObjectRef>& refs) const;

  // Passes the objects page by page, so that no more than one page is in memory. Begins anew once if the API
  // server has forgotten where the list was (410).
  template <class T>
  Result<void> list_pages(const Selection& selection, const std::function<void(Page<T>)>& take) const {
    return read_pages(ref_of_list<T>(selection), selection,
                      [&](std::vector<nlohmann::json> items, bool is_first) -> Result<void> {
                        Page<T> page{.items = {}, .is_first = is_first};
                        for (auto& item : items) {
                          auto one = decoded<T>(std::move(item));
                          if (!one) return tl::unexpected(one.error());
                          page.items.push_back(std::move(*one));
                        }
                        take(std::move(page));
                        return {};
                      });
  }

  // The objects of the selection for which `keep` returns true; only those are held in memory.
  template <class T>
  Result<std::vector<Read<T>>> list(
      const Selection& selection,
      const std::function<bool(const T&)>& keep = [](const T&) { return true; }) const {
    std::vector<Read<T>> kept;
    const auto listed = list_pages<T>(selection, [&](Page<T> page) {
      if (page.is_first) kept.clear();
      for (auto& item : page.items) {
        if (keep(item.object)) kept.push_back(std::move(item));
      }
    });
    if (!listed) return tl::unexpected(listed.error());
    return kept;
  }

  // Passes each object that there is, then each change, to `take`, until the API server ends the watch, an
  // event cannot be read, or `take` returns false. Fails with the error with which the API server ended it.
  Result<void> watch_requests(
      const Selection& selection,
      const std::function<bool(std::string_view type, Read<api::AccessRequest> request)>& take) const;

  // `prefix` becomes metadata.generateName if the request has no name.
  Result<Read<api::AccessRequest>> create(const api::AccessRequest& request, const std::string& prefix) const;

  // The API server runs all its checks for each request, in one call, but creates nothing. All requests are
  // of one namespace, or of none. One result for each request, in the same order.
  std::vector<Result<void>> try_create(const std::vector<api::AccessRequest>& requests,
                                       const std::string& prefix) const;

  // Appends this person's decision to the request as read; Conflict if the request has changed since. Has the
  // same effect as the annotation, and works on every cluster.
  Result<Read<api::AccessRequest>> decide(const Read<api::AccessRequest>& request,
                                          const api::Decision& decision) const;
  // The same for this person's review.
  Result<Read<api::AccessRequest>> review(const Read<api::AccessRequest>& request,
                                          const api::Review& review) const;

 private:
  using Json = nlohmann::json;

  Result<Read<api::AccessRequest>> append(const Read<api::AccessRequest>& request, const char* list,
                                          Json entry) const;

  // GET of a path with its query.
  virtual Result<Json> read(const std::string& path) const = 0;
  // One result for each object, in the same order.
  virtual std::vector<Result<Json>> read_objects(const std::vector<ObjectRef>& refs) const = 0;
  // A SelfSubjectReview with its status.
  virtual Result<Json> review_self() const = 0;
  // Passes each event of a watch, until the watch ends or `take` returns false.
  virtual Result<void> watch(const std::string& path,
                             const std::function<bool(const Json& event)>& take) const = 0;
  // One result for each object, in the same order.
  virtual std::vector<Result<Json>> create_objects(const std::vector<Json>& objects, const std::string& ns,
                                                   bool dry_run) const = 0;
  // A JSON merge patch.
  virtual Result<Json> patch(const ObjectRef& ref, const Json& change) const = 0;

  Result<Json> get_one(const ObjectRef& ref) const;
  Result<void> read_pages(
      const ObjectRef& kind, const Selection& selection,
      const std::function<Result<void>(std::vector<Json> items, bool is_first)>& take) const;
};

}  // namespace curfew::client
