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

// A guard object as the store keeps it: its metadata and its difference, without its spec.
struct GuardObject {
  api::ObjectMeta metadata;
  // The path of the first difference from the shipped spec: "spec.failurePolicy"; empty if there is none, or
  // if the object is not part of the guard.
  std::string difference;
};

// Compares the guard objects in the cluster with the shipped ones at every change, and tracks which policies
// were written under them. Never repairs them. Thread-safe.
class GuardWatch {
 public:
  // Keeps only a hash of each shipped spec; calls `shipped` again to locate a difference.
  GuardWatch(std::function<GuardSpecs()> shipped, const Clock& clock, std::function<void()> on_change);

  // Whether it is one of the shipped objects; others need not be kept.
  bool concerns(const std::string& kind, const std::string& name) const {
    return hashes_.contains(kind + "/" + name);
  }

  // The decoder for the reflectors of the guard's kinds.
  Result<GuardObject> decode(const std::string& kind, const nlohmann::json& json) const;

  // Called by those reflectors for each change; null: the object is gone.
  void observe(const std::string& kind, const std::string& name,
               const std::shared_ptr<const GuardObject>& after);

  // Called by the policies' reflector, before a reconcile uses the change; null: the policy is gone. Returns
  // whether the ledger has changed and should be saved.
  bool observe_policy(const std::string& name, const api::ObjectMeta* after);

  // Takes over the ledger of earlier terms; called first when leadership is gained.
  void restore(std::optional<GuardLedger> ledger);

  // Whether this version of a policy was written while the guard was in force.
  bool believes(const api::ObjectMeta& policy) const;

  core::GuardState state() const;
  GuardLedger ledger() const;
  // The ledger that the next leader needs. nullopt while the guard is not in force: the ledger saved before
  // that makes the next leader distrust everything written since.
  std::optional<GuardLedger> ledger_to_save() const;
  std::optional<std::string> difference() const;  // nullopt: as shipped

 private:
  struct Policy {
    GuardLedger::Identity version;
    bool is_believed = false;
    bool is_undecided = false;  // written while the guard differed: believed if that continues the one before
  };
  struct State {
    std::map<std::string, std::string> live;  // "KIND/NAME" -> GuardObject::difference
    GuardLedger::Identities identities;
    std::optional<GuardLedger> ledger;
    std::optional<std::string> difference = "the guard has not been looked at yet";
    bool is_complete = false;  // before that, a missing object may not have been listed yet
    std::optional<std::string> said = "nothing";  // the difference that was last logged
    std::map<std::string, Policy> policies;
    bool is_restored = false;  // before that, no policy is believed
  };
  void evaluate(State& state) const;
  bool in_force(const State& state) const;
  GuardLedger ledger_of(const State& state) const;

  const std::function<GuardSpecs()> shipped_;
  const std::map<std::string, std::string> hashes_;  // "KIND/NAME" -> hash of the shipped spec
  const std::string digest_;                         // of all of them
  const Clock& clock_;
  const std::function<void()> on_change_;
  Guarded<State> state_;
};

}  // namespace curfew::guard
