#include "limits/keyed_lock.hpp"

#include <algorithm>

namespace curfew::limits {

std::optional<KeyedLock::Lock> KeyedLock::try_lock(const std::string& key, const api::ObjectKey& waiter) {
  const bool is_free = entries_.with([&](auto& entries) {
    Entry& entry = entries[key];
    if (!entry.is_locked) {
      entry.waiting.remove(waiter);
      return entry.is_locked = true;
    }
    if (std::ranges::find(entry.waiting, waiter) == entry.waiting.end()) entry.waiting.push_back(waiter);
    return false;
  });
  if (!is_free) return std::nullopt;
  return std::optional<Lock>(std::in_place, *this, key);
}

std::size_t KeyedLock::size() const {
  return entries_.with([](const auto& entries) { return entries.size(); });
}

void KeyedLock::release(const std::string& key) {
  const auto next = entries_.with([&](auto& entries) -> std::optional<api::ObjectKey> {
    const auto entry = entries.find(key);
    entry->second.is_locked = false;
    if (entry->second.waiting.empty()) {
      entries.erase(entry);
      return std::nullopt;
    }
    api::ObjectKey first = std::move(entry->second.waiting.front());
    entry->second.waiting.pop_front();
    // The waiter that is woken may no longer need the lock.
    if (entry->second.waiting.empty()) entries.erase(entry);
    return first;
  });
  if (next) wake_(*next);
}

}  // namespace curfew::limits
