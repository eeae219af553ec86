#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/action.hpp"
#include "core/denial.hpp"
#include "core/input.hpp"
#include "core/tally.hpp"

namespace curfew::core {

// What a decision has come to so far: the status that the request will have, and what is to be recorded and
// told.
class DecisionBuilder {
 public:
  explicit DecisionBuilder(const Input& input);  // the request's own status, with what can be pinned by now

  api::AccessRequestStatus status;

  // A record whose fields are the request's, and an Event with the same words.
  struct Step {
    api::AuditAction action = api::AuditAction::Requested;
    std::string message;
    std::optional<api::Person> actor = std::nullopt;
    std::string comment;
    std::optional<std::int64_t> index = std::nullopt;  // part of the record's name: api::record_name
    bool is_warning = false;
    std::string_view doing = "Decide";  // the Event's `action`
    std::optional<api::ObjectReference> related = std::nullopt;
    std::string record_name;  // empty: the request's own for this action; otherwise of a record that stands
                              // for many, without reason and groups
  };
  void step(const Step& step);
  void record(const Step& step);
  void emit_event(const Step& step);

  // A warning Event about something that is no step, and has no record.
  void warn(std::string_view reason, std::string_view message);

  void condition(std::string_view type, std::string_view value, std::string_view reason,
                 std::string_view message);
  void drop_condition(std::string_view type);
  void message(std::string_view text);
  bool condition_is(std::string_view type, std::string_view value, std::string_view reason) const;

  // Records, the change of the binding if there is one to make, the status if it is new, Events: a step that
  // fails leaves out those after it, and Events tell only what has happened.
  Decision done(std::optional<Action> change = std::nullopt,
                std::optional<TimePoint> wake_at = std::nullopt) const;
  // The same for a binding that has to go first: what is told waits for the deletion's acceptance, not for
  // its completion.
  Decision done_after(const Decision& first) const;

 private:
  const Input& input_;
  std::vector<WriteRecord> records_;
  std::vector<EmitEvent> events_;
};

// How a request, or what it granted, ends.
struct Ending {
  api::Phase phase = api::Phase::Revoked;
  std::string reason;  // of the conditions
  std::string message;
  std::optional<api::Person> actor = std::nullopt;
  std::string comment;
};

// Tells troubles of one request apart, in the names of their records, by what is said of them; but for
// figures: an API server's words may hold a time or a count, and would be another trouble at every attempt.
std::int64_t fingerprint(std::string_view message);

// By what this person said. `phase` is Denied, Withdrawn or, once there was access, Revoked.
Ending ending_by(const api::Decision& decision, api::Phase phase);

// The final status alone.
void close(const Input& input, DecisionBuilder& builder, const Ending& ending);

// Record, final status, Event.
Decision end(const Input& input, DecisionBuilder builder, const Ending& ending);

// Writes down the decisions that the status has not observed yet, but the one that ends the request, which
// its end tells.
void note_decisions(const Input& input, const Tally& tally, DecisionBuilder& builder);

// Whether the request's namespace is being deleted, or gone: it takes everything in it along, and takes
// nothing new, Events among it.
bool namespace_is_going(const Input& input);

}  // namespace curfew::core
