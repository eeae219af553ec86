#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "lifecycle.hpp"
#include "storm_audit.hpp"

// Many people at once: what is asked for, approved, denied, revoked, withdrawn and deleted while a test
// breaks things.
namespace curfew::test {

// The seed of this run: CURFEW_STORM_SEED, or one that nobody had before.
unsigned storm_seed();

// One thing that somebody does with a request.
struct StormStep {
  std::string verb;  // approve, deny, revoke, delete; unbind deletes its binding; wait does nothing
  std::string who;
  std::string when = "";  // only once the request is seen in this phase; empty: at any time
};

// A course that a request's life may take. Each has one outcome (but for a race, which has one of two),
// whatever breaks meanwhile.
struct StormKind {
  std::string name;
  std::string
      policy;  // none, one, two: approvals; robot: none, asked for by a ServiceAccount for somebody else
  bool is_short = false;
  std::vector<StormStep> steps;
  std::vector<std::string> actions;
  bool is_deleted = false;
  std::string or_end = "";  // of actions, the last may be this one
};

// People, on a thread of their own. That thread asserts nothing, as Catch2 wants it: what went wrong is in
// errors().
class Storm {
 public:
  Storm(const Scene& scene, unsigned seed);

  // Begins to ask, `a_turn` times at once, every second or as fast as the machine can; `most` times in all.
  void start(int a_turn, int most);
  // Asks no more.
  void enough() { asking_ = false; }
  // Everybody has asked, and done what they wanted to do; not that it has had its effect.
  bool is_through() const { return through_; }
  // Waits until no request lives any more. False: some do.
  bool await_end(milliseconds patience) const;

  // Once it is through.
  const std::vector<Expected>& expected() const { return expected_; }
  Evidence evidence() const;
  std::vector<std::string> errors() const;

 private:
  struct Lifecycle {
    const StormKind* kind;
    std::string name;
    std::size_t next_step = 0;
    int not_before = 0;  // turn
  };
  // What is known of a request that lives.
  struct Seen {
    std::string phase;
    std::string binding;
  };
  using Command = std::pair<std::string, std::string>;  // verb, who

  void run(const std::stop_token& stop, int a_turn, int most);
  void ask(int count);
  std::string spec_of(const StormKind& kind);
  void act();
  std::optional<std::map<std::string, Seen>>
  look();  // those that are not complete; nullopt: the API server did not say
  void command(const Command& command, const std::vector<std::string>& names);
  void check(const ProcessResult& result, const std::string& what);
  int random(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  const Scene& scene_;
  std::map<std::string, Person> people_;
  std::map<std::string, std::string> policies_;
  const TimePoint began_ = now();

  // The thread's own until it is through.
  std::mt19937 random_;
  int turn_ = 0;
  std::vector<Lifecycle> lives_;  // with steps to come
  std::vector<Expected> expected_;

  std::atomic<bool> asking_ = true;
  std::atomic<bool> through_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> errors_;  // protected by mutex_
  std::jthread thread_;              // last: it uses the others
};

}  // namespace curfew::test
