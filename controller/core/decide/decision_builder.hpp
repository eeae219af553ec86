#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/action.hpp"
#include "core/decide/tally.hpp"
#include "core/denial.hpp"
#include "core/input.hpp"

namespace curfew::core {

// Accumulates a decision: the status that the request will have, and the records and Events to write.
class DecisionBuilder {
 public:
  explicit DecisionBuilder(const Input& input);  // the request's own status plus what can be pinned now

  api::AccessRequestStatus status;

  // A record with the request's fields, and an Event with the same message.
  struct Step {
    api::AuditAction action = api::AuditAction::Requested;
    std::string message;
    std::optional<api::Person> actor = std::nullopt;
    std::string comment;
    std::optional<std::int64_t> index = std::nullopt;  // part of the record's name: api::record_name
    bool is_warning = false;
    std::string_view doing = "Decide";  // the Event's `action`
    std::optional<api::ObjectReference> related = std::nullopt;
    // Empty: the request's own name for this action. Otherwise the name of a record that many requests share,
    // without reason and groups.
    std::string record_name;
    std::optional<api::ReviewVerdict> verdict = std::nullopt;
  };
  void step(const Step& step);
  // A step that says what somebody did past the guard. `index` tells such steps of one request apart in the
  // names of their records.
  void tampering(std::string message, std::optional<std::int64_t> index,
                 std::optional<api::ObjectReference> related = std::nullopt);
  void record(const Step& step);
  // A record of what the changes of done() have brought about: written after them, and before the status.
  void record_after_change(const Step& step);
  void emit_event(const Step& step);
  void drop_events(api::AuditAction action);

  // An Event that is not a step and has no record.
  void warn(std::string_view reason, std::string_view message);
  void inform(std::string_view reason, std::string_view message);

  void condition(std::string_view type, std::string_view value, std::string_view reason,
                 std::string_view message);
  void drop_condition(std::string_view type);
  void ending(std::string_view reason, std::string_view message, std::string_view actor = {});
  void message(std::string_view text);
  bool condition_is_true(std::string_view type) const;
  bool condition_is(std::string_view type, std::string_view value, std::string_view reason) const;

  // The records, `change` (of the binding) if given, the records of it, the status if it changed, the Events.
  // A failed action skips those after it, so Events report only what has happened.
  Decision done(NextLook next, std::vector<Action> changes = {}) const;
  // Like done(), for a binding that `first` removes: the remaining actions wait until the API server accepts
  // the deletion, not until it completes.
  Decision done_after(const Decision& first, NextLook next) const;

 private:
  WriteRecord record_of(const Step& step) const;

  const Input& input_;
  std::vector<WriteRecord> records_;
  std::vector<WriteRecord> records_of_change_;
  std::vector<EmitEvent> events_;
};

// How a request or its grant ends.
struct Ending {
  api::Phase phase = api::Phase::Revoked;
  std::string reason;  // of the conditions
  std::string message;
  std::optional<api::Person> actor = std::nullopt;
  std::string comment;
};

// An ending for this reason, by nobody.
inline Ending ending_for(const Denial& denial, api::Phase phase = api::Phase::Revoked) {
  return {.phase = phase, .reason = denial.reason, .message = denial.message};
}

// Distinguishes the failures of one request in the names of their records, by the message without its digits:
// a message of the API server may contain a time or a count and would be another failure each time.
std::int64_t fingerprint(std::string_view message);

// An ending by this decision. `phase` is Denied, Withdrawn or, once there was access, Revoked.
Ending ending_by(const api::Decision& decision, api::Phase phase);

// Sets the final status only.
void close(const Input& input, DecisionBuilder& builder, const Ending& ending);

// Record, final status, Event.
Decision end(const Input& input, DecisionBuilder builder, const Ending& ending);

// Records the decisions that the status has not observed yet, except the one that ends the request, which the
// record of the end covers.
void note_decisions(const Input& input, const Tally& tally, DecisionBuilder& builder);

// Whether the request's namespace is being deleted or is gone: its objects are deleted with it, and it
// accepts no new objects, Events included.
bool namespace_is_going(const Input& input);

}  // namespace curfew::core
