#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "api/meta.hpp"
#include "kube/resource_version.hpp"

namespace curfew::kube {

// An object before and after a change; null if it did not exist then.
template <class T>
struct Change {
  std::shared_ptr<const T> before;
  std::shared_ptr<const T> after;
};

// The objects of a kind as a watch knows them. Many readers, thread-safe; one Writer, the reflector.
template <class T>
class Store {
 public:
  using Pointer = std::shared_ptr<const T>;

  Pointer get(const api::ObjectKey& key) const {
    const std::scoped_lock lock(mutex_);
    if (const auto assumed = assumed_.find(key); assumed != assumed_.end()) return assumed->second;
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second;
  }

  // In no particular order.
  std::vector<Pointer> list() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Pointer> all;
    all.reserve(objects_.size() + assumed_.size());
    for (const auto& [key, object] : objects_)
      if (!assumed_.contains(key)) all.push_back(object);
    for (const auto& [key, object] : assumed_) all.push_back(object);
    return all;
  }

  // Objects that the watch has delivered, without those that are only assumed.
  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return objects_.size();
  }

  // Whether a first list has completed.
  bool synced() const {
    const std::scoped_lock lock(mutex_);
    return synced_;
  }

  // Whether the watch has reached that version. An object with such a version is old: a repetition, or from a
  // watch cache that lags behind our list.
  bool has_seen(const std::string& resource_version) const {
    const std::scoped_lock lock(mutex_);
    return synced_ && !resource_version.empty() &&
           compare_resource_versions(resource_version, resource_version_) <= 0;
  }

  // Read your writes: pass in the object that the API server returned for a write of ours. Readers see it
  // until the watch reaches its version; an object that the watch has already overtaken is ignored. Deletions
  // are never assumed: an object is gone when the watch says so.
  void assume(T object) {
    const std::scoped_lock lock(mutex_);
    const std::string& version = object.metadata.resource_version;
    if (compare_resource_versions(version, resource_version_) <= 0) return;
    const api::ObjectKey key = object.metadata.key();
    const auto known = assumed_.find(key);
    if (known != assumed_.end() &&
        compare_resource_versions(version, known->second->metadata.resource_version) <= 0)
      return;
    assumed_[key] = std::make_shared<const T>(std::move(object));
  }

  // The write side: one Writer, on one thread.
  class Writer {
   public:
    explicit Writer(Store& store) : store_(store) {}

    // Applies a complete list. Objects whose keys are in `keep` stay unchanged: they exist, but could not be
    // read. Returns the changes.
    std::vector<Change<T>> replace_all(std::vector<Pointer> objects, const std::vector<api::ObjectKey>& keep,
                                       const std::string& resource_version) {
      return store_.replace_all(std::move(objects), keep, resource_version);
    }

    // An ADDED or MODIFIED event.
    Change<T> apply(T object) { return store_.apply(std::move(object)); }

    // A DELETED event; `last` is the last state, if it could be read. `before` in the result is the newer of
    // `last` and the known state; null if none was known.
    Change<T> remove(const api::ObjectKey& key, std::shared_ptr<const T> last,
                     const std::string& resource_version) {
      return store_.remove(key, std::move(last), resource_version);
    }

    // The watch has reached this version: a bookmark, or an event that could not be read.
    void advance(const std::string& resource_version) { store_.advance(resource_version); }

   private:
    Store& store_;
  };

 private:
  std::vector<Change<T>> replace_all(std::vector<Pointer> objects, const std::vector<api::ObjectKey>& keep,
                                     const std::string& resource_version) {
    std::vector<Change<T>> changes;
    std::unordered_map<api::ObjectKey, Pointer> fresh;
    const std::scoped_lock lock(mutex_);
    for (Pointer& after : objects) {
      const api::ObjectKey key = after->metadata.key();
      const auto known = objects_.find(key);
      const bool same = known != objects_.end() &&
                        known->second->metadata.resource_version == after->metadata.resource_version &&
                        known->second->metadata.uid == after->metadata.uid;
      if (same) {
        fresh[key] = known->second;
        continue;
      }
      changes.push_back({known == objects_.end() ? nullptr : known->second, after});
      fresh[key] = std::move(after);
    }
    for (const api::ObjectKey& key : keep)
      if (const auto known = objects_.find(key); known != objects_.end())
        fresh.try_emplace(key, known->second);
    for (const auto& [key, object] : objects_)
      if (!fresh.contains(key)) changes.push_back({object, nullptr});
    // Objects that we wrote and another client deleted between two watches: no event reported them.
    for (const auto& [key, object] : assumed_) {
      const bool is_overtaken =
          compare_resource_versions(object->metadata.resource_version, resource_version) <= 0;
      const bool is_there = fresh.contains(key) || std::ranges::find(keep, key) != keep.end();
      if (is_overtaken && !is_there && !objects_.contains(key)) changes.push_back({object, nullptr});
    }
    objects_ = std::move(fresh);
    // A lower version means another history (etcd was restored): the watch never delivers what was assumed in
    // the old one.
    if (compare_resource_versions(resource_version, resource_version_) < 0) assumed_.clear();
    resource_version_ = resource_version;
    forget_overtaken();
    synced_ = true;
    return changes;
  }

  Change<T> apply(T object) {
    const std::scoped_lock lock(mutex_);
    auto after = std::make_shared<const T>(std::move(object));
    Pointer& slot = objects_[after->metadata.key()];
    Change<T> change{std::exchange(slot, after), after};
    advance_locked(after->metadata.resource_version);
    return change;
  }

  Change<T> remove(const api::ObjectKey& key, Pointer last, const std::string& resource_version) {
    const std::scoped_lock lock(mutex_);
    Pointer before;
    if (const auto known = objects_.find(key); known != objects_.end()) {
      before = std::move(known->second);
      objects_.erase(known);
      if (last &&
          compare_resource_versions(last->metadata.resource_version, before->metadata.resource_version) > 0)
        before = std::move(last);
    }
    advance_locked(resource_version);
    return {std::move(before), nullptr};
  }

  void advance(const std::string& resource_version) {
    const std::scoped_lock lock(mutex_);
    advance_locked(resource_version);
  }

  void advance_locked(const std::string& resource_version) {
    if (compare_resource_versions(resource_version, resource_version_) <= 0) return;
    resource_version_ = resource_version;
    forget_overtaken();
  }

  void forget_overtaken() {
    std::erase_if(assumed_, [this](const auto& entry) {
      return compare_resource_versions(entry.second->metadata.resource_version, resource_version_) <= 0;
    });
  }

  mutable std::mutex mutex_;  // protects all below
  std::unordered_map<api::ObjectKey, Pointer> objects_;
  std::unordered_map<api::ObjectKey, Pointer> assumed_;  // each newer than resource_version_
  std::string resource_version_;                         // reached by the watch
  bool synced_ = false;
};

}  // namespace curfew::kube
