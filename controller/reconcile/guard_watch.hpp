#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/input.hpp"
#include "kube/raw_object.hpp"
#include "reconcile/guard_objects.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// Which guard objects stood, and since when without a break: kept across restarts, so that a guard that was changed and put back while Curfew was down shows.
struct GuardLedger {
  struct Identity {
    std::string uid;
    std::int64_t generation = 0;
    TimePoint created;

    bool operator==(const Identity& other) const { return uid == other.uid && generation == other.generation; }
  };
  std::map<std::string, Identity> objects;  // by "KIND/NAME"
  TimePoint since;

  bool operator==(const GuardLedger&) const = default;
};

std::string encode(const GuardLedger& ledger);
std::optional<GuardLedger> decode_ledger(const std::string& text);  // nullopt: unreadable, as if there were none

// The ledger for a guard that is as shipped. The same objects as before: nothing changes. Others: in force a while from now, since admission policies take about a
// second to take effect and nobody knows what was admitted in between. Never seen before and never changed: since the last of them was made.
GuardLedger next_ledger(const std::optional<GuardLedger>& before, const std::map<std::string, GuardLedger::Identity>& live, TimePoint now);

// Compares the guard objects in the cluster with what is shipped, at every change. It never repairs them. Thread-safe.
class GuardWatch {
 public:
  GuardWatch(GuardSpecs shipped, const Clock& clock, std::function<void()> on_change);

  // Whether it is one of the shipped objects; others need not be kept.
  bool concerns(const std::string& kind, const std::string& name) const { return shipped_.contains(kind + "/" + name); }

  // From the reflectors of the guard's kinds; null: gone.
  void observe(const std::string& kind, const std::string& name, const std::shared_ptr<const kube::RawObject>& after);

  // What is known from before this process led; the first thing when leadership is gained.
  void restore(std::optional<GuardLedger> ledger);

  core::GuardState state() const;
  GuardLedger ledger() const;
  std::optional<std::string> difference() const;  // nullopt: as shipped

 private:
  struct State {
    GuardSpecs live;
    std::map<std::string, GuardLedger::Identity> identities;
    std::optional<GuardLedger> ledger;
    std::optional<std::string> difference = "the guard has not been looked at yet";
    bool is_complete = false;         // before that, what is missing may only not have been heard of yet
    std::optional<std::string> said = "nothing";  // the difference that was last logged
  };
  void evaluate(State& state) const;

  const GuardSpecs shipped_;
  const Clock& clock_;
  const std::function<void()> on_change_;
  Guarded<State> state_;
};

}  // namespace curfew::reconcile
