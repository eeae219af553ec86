#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "api/meta.hpp"
#include "util/guarded.hpp"

namespace curfew::limits {

// Mutual exclusion by key for reconciles that must not overlap, such as those that count the same person's
// grants. No thread blocks: an object that finds its key locked is queued, and `wake` gets the first in the
// queue when the lock is released. Thread-safe.
class KeyedLock {
 public:
  // `wake` is called on the thread that releases the lock.
  explicit KeyedLock(std::function<void(const api::ObjectKey&)> wake) : wake_(std::move(wake)) {}

  // Releases the key when it goes out of scope.
  class Lock {
   public:
    Lock(KeyedLock& owner, std::string key) : owner_(&owner), key_(std::move(key)) {}
    Lock(Lock&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (owner_ != nullptr) owner_->release(key_);
    }

   private:
    KeyedLock* owner_;
    std::string key_;
  };

  // nullopt: the key is locked, and `waiter` is queued for it.
  std::optional<Lock> try_lock(const std::string& key, const api::ObjectKey& waiter);

  // The number of keys that are locked or waited for; for tests.
  std::size_t size() const;

 private:
  void release(const std::string& key);

  struct Entry {
    bool is_locked = false;
    std::list<api::ObjectKey> waiting;
  };
  const std::function<void(const api::ObjectKey&)> wake_;
  Guarded<std::map<std::string, Entry>> entries_;
};

}  // namespace curfew::limits
