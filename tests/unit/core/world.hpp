#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "builders.hpp"
#include "core/decide.hpp"

namespace curfew::core::test {

// The cluster in memory: carries out what decide says, as the shell does, and can stop between any two
// actions.
class World {
 public:
  Situation s;
  std::map<std::string, api::AuditRecord> records;  // by name: immutable once written
  std::vector<EmitEvent> events;
  bool binding_is_held = false;  // a finalizer of somebody's
  bool bindings_are_forbidden = false;

  // Decides once and carries out at most that many actions. What was carried out.
  Decision step(std::size_t most_actions = 1000);
  // Until there is nothing more to do; fails the test where that does not come.
  void settle();
  // A new process: what was only in memory is lost.
  void restart();

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
};

// Approved by Bob, which has not been decided on yet.
World approved_world();
// Granted at kNow, until kEnd.
World active_world();
World expired_world();

constexpr TimePoint kEnd = kNow + std::chrono::minutes(30);

}  // namespace curfew::core::test
