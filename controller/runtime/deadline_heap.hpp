#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "util/time.hpp"

namespace curfew::runtime {

// When each key is due. One deadline a key: setting another one forgets the first, so that an updated key
// never comes out at its old time. Not locked: it has one owner, who locks where several threads share it.
// Key needs an order; keys due at the same time come out in it.
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

  // Nothing happens where the key is unknown.
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

  // Who has the latest; only where there is one.
  const std::pair<Time, Key>& last() const { return *by_time_.rbegin(); }

  // Takes out every key whose deadline is at or before `now`, the earliest first.
  std::vector<Key> pop_due(Time now) {
    std::vector<Key> due;
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
      due.push_back(by_time_.begin()->second);
      by_key_.erase(due.back());
      by_time_.erase(by_time_.begin());
    }
    return due;
  }

  // visit(deadline) for every key that is due at or before then, the earliest first.
  template <class Visit>
  void each_until(Time then, Visit visit) const {
    for (auto entry = by_time_.begin(); entry != by_time_.end() && entry->first <= then; ++entry)
      visit(entry->first);
  }

  std::size_t size() const { return by_key_.size(); }
  bool empty() const { return by_key_.empty(); }

 private:
  std::map<Key, Time> by_key_;
  std::set<std::pair<Time, Key>> by_time_;  // the same entries, in the order in which they are due
};

}  // namespace curfew::runtime
