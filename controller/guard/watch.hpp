#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/meta.hpp"
#include "core/input.hpp"
#include "guard/ledger.hpp"
#include "guard/objects.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"
#include "util/result.hpp"

namespace curfew::guard {

// A guard object as the watch keeps it: which one it is, and what is wrong with it, not its spec.
struct GuardObject {
  api::ObjectMeta metadata;
  std::string difference;  // the first place where it is not what is shipped: "spec.failurePolicy"; empty: it
                           // is, or it is none of the guard's
};

// Compares the guard objects in the cluster with what is shipped, at every change, and knows which policies
// were written under them. It never repairs them. Thread-safe.
class GuardWatch {
 public:
  // Keeps a hash of each shipped spec; `shipped` is asked again where one differs, for where it does.
  GuardWatch(std::function<GuardSpecs()> shipped, const Clock& clock, std::function<void()> on_change);

  // Whether it is one of the shipped objects; others need not be kept.
  bool concerns(const std::string& kind, const std::string& name) const {
    return hashes_.contains(kind + "/" + name);
  }

  // For the reflectors of the guard's kinds.
  Result<GuardObject> decode(const std::string& kind, const nlohmann::json& json) const;

  // From those reflectors; null: gone.
  void observe(const std::string& kind, const std::string& name,
               const std::shared_ptr<const GuardObject>& after);

  // From the policies' reflector, before anybody decides by it; null: gone. Whether there is something new to
  // save.
  bool observe_policy(const std::string& name, const api::ObjectMeta* after);

  // What is known from before this process led; the first thing when leadership is gained.
  void restore(std::optional<GuardLedger> ledger);

  // Whether this version of a policy was written under a guard in force.
  bool believes(const api::ObjectMeta& policy) const;

  core::GuardState state() const;
  GuardLedger ledger() const;
  // What the next leader has to know. nullopt while the guard is not in force: what is saved already is what
  // makes it doubt all that was written since.
  std::optional<GuardLedger> ledger_to_save() const;
  std::optional<std::string> difference() const;  // nullopt: as shipped

 private:
  struct Policy {
    GuardLedger::Identity version;
    bool is_believed = false;
  };
  struct State {
    std::map<std::string, std::string> live;  // "KIND/NAME" -> GuardObject::difference
    GuardLedger::Identities identities;
    std::optional<GuardLedger> ledger;
    std::optional<std::string> difference = "the guard has not been looked at yet";
    bool is_complete = false;  // before that, what is missing may only not have been heard of yet
    std::optional<std::string> said = "nothing";  // the difference that was last logged
    std::map<std::string, Policy> policies;
    bool is_restored = false;  // before that, nobody can say which policies are believed
  };
  void evaluate(State& state) const;
  bool in_force(const State& state) const;
  GuardLedger ledger_of(const State& state) const;

  const std::function<GuardSpecs()> shipped_;
  const std::map<std::string, std::string> hashes_;  // "KIND/NAME" -> of its spec
  const Clock& clock_;
  const std::function<void()> on_change_;
  Guarded<State> state_;
};

}  // namespace curfew::guard
