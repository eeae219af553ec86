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

// An object as it was and as it is; null where it was, or is, not there.
template <class T>
struct Change {
  std::shared_ptr<const T> before;
  std::shared_ptr<const T> after;
};

// What a watch knows of a kind. Many readers, thread-safe; one Writer, the reflector.
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

  // What the watch has delivered, without what is only assumed.
  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return objects_.size();
  }

  // Whether a first list was complete.
  bool synced() const {
    const std::scoped_lock lock(mutex_);
    return synced_;
  }

  // Whether the watch is as far as that version, or farther. What comes with such a one is old: repeated, or
  // from a watch cache that lags behind our list.
  bool has_seen(const std::string& resource_version) const {
    const std::scoped_lock lock(mutex_);
    return synced_ && !resource_version.empty() &&
           compare_resource_versions(resource_version, resource_version_) <= 0;
  }

  // Read your writes: hand in what the API server answered to a write of ours. Readers see it until the watch
  // is as far; an answer that the watch has overtaken already is ignored. Deletions are never assumed: a
  // thing is gone when the watch says so.
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

  // The writing side. One at a time, on one thread.
  class Writer {
   public:
    explicit Writer(Store& store) : store_(store) {}

    // A complete list. Objects whose keys are in `keep` stay as they were: they are there, but could not be
    // read. Returns what it changed.
    std::vector<Change<T>> replace_all(std::vector<Pointer> objects, const std::vector<api::ObjectKey>& keep,
                                       const std::string& resource_version) {
      return store_.replace_all(std::move(objects), keep, resource_version);
    }

    // An ADDED or MODIFIED event.
    Change<T> apply(T object) { return store_.apply(std::move(object)); }

    // A DELETED event: the last state, where it could be read. `before` is the newer of it and what was
    // known; null if nothing was.
    Change<T> remove(const api::ObjectKey& key, std::shared_ptr<const T> last,
                     const std::string& resource_version) {
      return store_.remove(key, std::move(last), resource_version);
    }

    // The watch is as far as this: a bookmark, or an event that could not be read.
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
    // What we wrote and somebody deleted between two watches: no event ever told of it.
    for (const auto& [key, object] : assumed_) {
      const bool is_overtaken =
          compare_resource_versions(object->metadata.resource_version, resource_version) <= 0;
      const bool is_there = fresh.contains(key) || std::ranges::find(keep, key) != keep.end();
      if (is_overtaken && !is_there && !objects_.contains(key)) changes.push_back({object, nullptr});
    }
    objects_ = std::move(fresh);
    // A version that goes back means another history (etcd was restored): what was assumed in the old one
    // never comes.
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
  std::unordered_map<api::ObjectKey, Pointer> assumed_;  // newer than resource_version_, each of them
  std::string resource_version_;                         // what the watch has delivered
  bool synced_ = false;
};

}  // namespace curfew::kube
