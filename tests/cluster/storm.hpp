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

// Many users at once, who request, approve, deny, revoke, withdraw and delete while a test breaks things.
namespace curfew::test {

// The seed of this run: CURFEW_STORM_SEED, or a new one.
unsigned storm_seed();

// One action of a person on a request.
struct StormStep {
  std::string verb;  // approve, deny, revoke, delete; unbind deletes its binding; wait does nothing
  std::string who;
  std::string when = "";  // only once the request is seen in this phase; empty: at any time
};

// A course that a request's life may take. Each has one outcome (a race has one of two), whatever breaks
// meanwhile.
struct StormKind {
  std::string name;
  // none, one, two: the approvals; robot: no approval, and a ServiceAccount requests for another subject.
  std::string policy;
  bool is_short = false;
  std::vector<StormStep> steps;
  std::vector<std::string> actions;
  bool is_deleted = false;
  std::string or_end = "";  // the last of `actions` may be this instead
};

// The users, on their own thread. The thread makes no assertions, because Catch2 requires that; errors() has
// what went wrong.
class Storm {
 public:
  Storm(const Scene& scene, unsigned seed);

  // Starts making requests, `a_turn` at once, every second or as fast as the machine can, and `most` in all.
  void start(int a_turn, int most);
  // Makes no more requests.
  void enough() { asking_ = false; }
  // All requests are made and all steps done, but not all of them need to have taken effect.
  bool is_through() const { return through_; }
  // Waits until no request is live. False if some still are.
  bool await_end(milliseconds patience) const;

  // These are valid once it is through.
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
  // What is known of a live request.
  struct Seen {
    std::string phase;
    std::string binding;
  };
  using Command = std::pair<std::string, std::string>;  // verb, who

  void run(const std::stop_token& stop, int a_turn, int most);
  void ask(int count);
  std::string spec_of(const StormKind& kind);
  void act();
  // The requests that are not complete; nullopt if the API server did not answer.
  std::optional<std::map<std::string, Seen>> look();
  void command(const Command& command, const std::vector<std::string>& names);
  void check(const ProcessResult& result, const std::string& what);
  int random(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  const Scene& scene_;
  std::map<std::string, Person> people_;
  std::map<std::string, std::string> policies_;
  const TimePoint began_ = now();

  // Used only by the thread until it is through.
  std::mt19937 random_;
  int turn_ = 0;
  std::vector<Lifecycle> lives_;  // with steps left
  std::vector<Expected> expected_;

  std::atomic<bool> asking_ = true;
  std::atomic<bool> through_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> errors_;  // protected by mutex_
  std::jthread thread_;              // last: it uses the others
};

}  // namespace curfew::test
