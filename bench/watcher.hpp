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

// When this process had decoded an event of a watch: by the clock that never steps, and by the wall's.
struct Seen {
  Steady::time_point steady;
  TimePoint wall;
};

// Watches one kind in one namespace, from now on, on a thread of its own, and notes when it saw what.
// Thread-safe.
class Watcher {
 public:
  Watcher(Caller& caller, std::string_view plural, const std::string& ns);
  ~Watcher();

  // By name; the first ADDED, MODIFIED or DELETED event of it. Waits.
  Seen await_added(const std::string& name) { return await(added_, name); }
  Seen await_modified(const std::string& name) { return await(modified_, name); }
  Seen await_deleted(const std::string& name) { return await(deleted_, name); }
  // Waits for so many.
  std::vector<Seen> await_all_added(std::size_t count, std::chrono::seconds patience) {
    return await_all(added_, count, patience);
  }
  std::map<std::string, Seen> deleted() const;
  void await_all_deleted(std::size_t count, std::chrono::seconds patience) {
    await_all(deleted_, count, patience);
  }
  // DELETED objects' own words on when they were to end; by name.
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
