#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "builders.hpp"
#include "core/check/absence.hpp"
#include "core/decide/decide.hpp"

namespace curfew::core::test {

// The cluster in memory. Carries out decisions as the controller does, and can stop between any two actions.
class World {
 public:
  Situation s;
  std::map<std::string, api::AuditRecord> records;  // by name: immutable once written
  std::vector<EmitEvent> events;
  bool binding_is_held = false;  // by a finalizer of another owner
  bool bindings_are_forbidden = false;

  // Decides once and carries out at most `most_actions` actions, or fewer if one fails. Returns the whole
  // decision.
  Decision step(std::size_t most_actions = 1000);
  // Steps until there is nothing more to do; fails the test if that does not happen.
  void settle();
  // Starts a new process: what was only in memory is lost.
  void restart();
  // The watch reports that the binding is gone.
  void lose_binding();
  int bindings_made() const { return bindings_made_; }

  const api::AccessRequestStatus& status() const { return s.request.status; }
  api::Phase phase() const { return s.request.status.phase.value_or(api::Phase::Pending); }
  bool has(api::AuditAction action) const;
  const api::AuditRecord& record(api::AuditAction action) const;
  std::string condition(std::string_view type) const;  // "False BindingRemoved"
  std::vector<std::string> told() const;               // the Events' reasons

 private:
  void gather();
  bool run(const WriteRecord& action);
  bool run(const CreateBinding& action);
  bool run(const DeleteBinding& action);
  bool run(const FreeBinding& action);
  bool run(const ShortenBinding& action);
  bool run(const UpdateStatus& action);
  bool run(const EmitEvent& action);
  int bindings_made_ = 0;
  Presence presence_;
};

// Approved by bob; decide has not seen the approval yet.
World approved_world();
// Seen at kNow, approved by bob ten seconds later, with fractions of a second; decide has not seen the
// approval yet.
World approved_after_ten_seconds();
// Granted at kNow, until kEnd.
World active_world();
World expired_world();

constexpr TimePoint kEnd = kNow + std::chrono::minutes(30);

}  // namespace curfew::core::test
