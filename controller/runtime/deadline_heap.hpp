#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "util/time.hpp"

namespace curfew::runtime {

// The deadlines of keys. A key has one deadline: set() replaces the previous one, so that an updated key
// never comes out at its old time. Not locked: the owner locks if several threads share it. Key needs an
// order; keys with equal deadlines come out in it.
template <class Key, class Time = TimePoint>
class DeadlineHeap {
 public:
  void set(const Key& key, Time at) {
    const auto [entry, added] = by_key_.try_emplace(key, at);
    if (!added) {
      if (entry->second == at) return;
      by_time_.erase({entry->second, key});
      entry->second = at;
    }
    by_time_.insert({at, key});
  }

  // Does nothing if the key is unknown.
  void erase(const Key& key) {
    const auto entry = by_key_.find(key);
    if (entry == by_key_.end()) return;
    by_time_.erase({entry->second, key});
    by_key_.erase(entry);
  }

  std::optional<Time> deadline_of(const Key& key) const {
    const auto entry = by_key_.find(key);
    return entry == by_key_.end() ? std::nullopt : std::optional<Time>(entry->second);
  }

  // The earliest deadline of all.
  std::optional<Time> next() const {
    return by_time_.empty() ? std::nullopt : std::optional<Time>(by_time_.begin()->first);
  }

  // The entry with the latest deadline. Requires a non-empty heap.
  const std::pair<Time, Key>& last() const { return *by_time_.rbegin(); }

  // Removes and returns every key whose deadline is at or before `now`, the earliest first.
  std::vector<Key> pop_due(Time now) {
    std::vector<Key> due;
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
      due.push_back(by_time_.begin()->second);
      by_key_.erase(due.back());
      by_time_.erase(by_time_.begin());
    }
    return due;
  }

  // Calls visit(deadline) for every key that is due at or before `then`, the earliest first.
  template <class Visit>
  void each_until(Time then, Visit visit) const {
    for (auto entry = by_time_.begin(); entry != by_time_.end() && entry->first <= then; ++entry)
      visit(entry->first);
  }

  std::size_t size() const { return by_key_.size(); }
  bool empty() const { return by_key_.empty(); }

 private:
  std::map<Key, Time> by_key_;
  std::set<std::pair<Time, Key>> by_time_;  // the same entries, ordered by deadline
};

}  // namespace curfew::runtime
