#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/event.hpp"
#include "api/managed_binding.hpp"
#include "core/denial.hpp"
#include "core/grant.hpp"
#include "util/time.hpp"

namespace curfew::core {

// Creates the record. An existing record counts as success, unless it says something else about a grant or
// an end: then the stored record takes precedence, the attempt stops, and the next decision gets it as
// Input::granted_record or Input::end_record.
struct WriteRecord {
  api::AuditRecord record;
};

// Creates the binding of the grant, in each of its namespaces: all or none. If the API server refuses it
// (Forbidden, Invalid, AlreadyExists), the next decision gets that as Input::grant_failure.
struct CreateBinding {
  Grant grant;
};

// Deletes the binding with its UID as precondition. Complete when the watch or a 404 reports it gone.
struct DeleteBinding {
  api::BindingRef binding;
  // Given back as Input::deleted_for: the status, which says it too, is written after the deletion, which
  // waits for nothing.
  std::optional<Denial> why = std::nullopt;
};

// For a binding that is being deleted but is held by finalizers and still grants access: removes the
// finalizers and empties its subjects.
struct FreeBinding {
  api::BindingRef binding;
};

// Moves the end that the binding states, only ever to an earlier time.
struct ShortenBinding {
  api::BindingRef binding;
  TimePoint expires_at;
};

// Replaces the request's status; a conflict restarts the reconcile.
struct UpdateStatus {
  api::AccessRequestStatus status;
};

// Hands an Event to the recorder: never blocks, never fails.
struct EmitEvent {
  std::string type;  // Normal, Warning
  std::string reason;
  std::string action;
  std::string note;
  std::optional<api::ObjectReference> related;
};

using Action = std::variant<WriteRecord, CreateBinding, DeleteBinding, FreeBinding, ShortenBinding,
                            UpdateStatus, EmitEvent>;

// The objects whose changes bring a request's key back, as reconcile/triggers enqueues it.
enum class Watched { Request, Policy, Role, Namespace, Binding, Guard };

// What brings a request's key back after a decision. Has no default, so that no decision leaves it open.
class NextLook {
 public:
  // Nothing is left to do: the request is over, and so is its access.
  static NextLook never() { return NextLook(std::nullopt, std::nullopt); }
  // At that time, or at any change before.
  static NextLook at(TimePoint time) { return NextLook(time, std::nullopt); }
  // At a change of that object, or of any other, at no certain time.
  static NextLook on_change(Watched object) { return NextLook(std::nullopt, object); }
  // At that time if there is one, else at a change of that object.
  static NextLook at_or_on_change(std::optional<TimePoint> time, Watched object) {
    return time ? at(*time) : on_change(object);
  }

  bool is_never() const { return !time_ && !object_; }
  std::optional<TimePoint> time() const { return time_; }
  std::optional<Watched> object() const { return object_; }

  bool operator==(const NextLook&) const = default;

 private:
  NextLook(std::optional<TimePoint> time, std::optional<Watched> object) : time_(time), object_(object) {}

  std::optional<TimePoint> time_;
  std::optional<Watched> object_;
};

// The actions to run in this order, each only if the previous one succeeded (a refused ShortenBinding stops
// nothing: the status has the end), and what brings the key back after them.
struct Decision {
  std::vector<Action> actions;
  NextLook next;
};

}  // namespace curfew::core
