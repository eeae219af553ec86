#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/event.hpp"
#include "api/rbac.hpp"
#include "util/time.hpp"

namespace curfew::core {

// Creates the record. An existing record counts as success, unless it says something else about a grant or
// an end: then the stored record takes precedence, the attempt stops, and the next decision gets it as
// Input::granted_record or Input::end_record.
struct WriteRecord {
  api::AuditRecord record;
};

// Creates the grant's binding. If the API server refuses it (Forbidden, Invalid, AlreadyExists), the next
// decision gets that as Input::grant_failure.
struct CreateBinding {
  api::RoleBinding binding;
};

// Deletes the binding with its UID as precondition. Complete when the watch or a 404 reports it gone.
struct DeleteBinding {
  api::ObjectKey key;
  std::string uid;
};

// For a binding that is being deleted but is held by finalizers and still grants access: removes the
// finalizers and empties its subjects.
struct FreeBinding {
  api::ObjectKey key;
  std::string uid;
};

// Moves the end that the binding states, only ever to an earlier time.
struct ShortenBinding {
  api::ObjectKey key;
  std::string uid;
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

// The actions to run in this order, each only if the previous one succeeded (a refused ShortenBinding stops
// nothing: the status has the end), and the time at which to decide again without any change.
struct Decision {
  std::vector<Action> actions;
  std::optional<TimePoint> wake_at;
};

}  // namespace curfew::core
