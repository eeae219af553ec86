#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "arena.hpp"
#include "util/time.hpp"

namespace curfew::bench {

// When this process decoded a watch event, by the steady clock and by the wall clock.
struct Seen {
  Steady::time_point steady;
  TimePoint wall;
};

// Watches one kind in one namespace, from its construction, on its own thread, and records the time of each
// event. Thread-safe.
class Watcher {
 public:
  Watcher(Caller& caller, std::string_view plural, const std::string& ns);
  ~Watcher();

  // Each waits for the first ADDED, MODIFIED or DELETED event of the object with this name.
  Seen await_added(const std::string& name) { return await(added_, name); }
  Seen await_modified(const std::string& name) { return await(modified_, name); }
  Seen await_deleted(const std::string& name) { return await(deleted_, name); }
  // Waits until `count` objects have been added.
  std::vector<Seen> await_all_added(std::size_t count, std::chrono::seconds patience) {
    return await_all(added_, count, patience);
  }
  std::map<std::string, Seen> deleted() const;
  void await_all_deleted(std::size_t count, std::chrono::seconds patience) {
    await_all(deleted_, count, patience);
  }
  // The ends (curfew.dev/expires-at) that deleted objects carried, by name.
  std::map<std::string, TimePoint> ends() const;

 private:
  using Times = std::map<std::string, Seen>;

  void run(Caller& caller, const std::string& plural, const std::string& ns, const std::string& version,
           const std::stop_token& stop);
  Seen await(const Times& times, const std::string& name);
  std::vector<Seen> await_all(const Times& times, std::size_t count, std::chrono::seconds patience);

  mutable std::mutex mutex_;  // protects all below
  std::condition_variable changed_;
  Times added_;
  Times modified_;
  Times deleted_;
  std::map<std::string, TimePoint> ends_;
  std::jthread thread_;
};

}  // namespace curfew::bench
