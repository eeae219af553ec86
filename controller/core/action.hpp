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

// Creates the record. That it exists already is success, but for Granted, where the stored one counts: the
// attempt stops, and the next decision gets it as Input::granted_record.
struct WriteRecord {
  api::AuditRecord record;
};

// Creates the grant. Fails into Input::grant_failure.
struct CreateBinding {
  api::RoleBinding binding;
};

// Deletes it, with its UID as precondition. Done when the watch, or a 404, says that it is gone.
struct DeleteBinding {
  api::ObjectKey key;
  std::string uid;
};

// It is being deleted but finalizers hold it, and it goes on granting: lifts them and empties its subjects.
struct FreeBinding {
  api::ObjectKey key;
  std::string uid;
};

// Moves the binding's written end, only ever to an earlier one.
struct ShortenBinding {
  api::ObjectKey key;
  std::string uid;
  TimePoint expires_at;
};

// Replaces the request's status; a conflict starts over.
struct UpdateStatus {
  api::AccessRequestStatus status;
};

// Handed to the recorder; never waited for, never fails.
struct EmitEvent {
  std::string type;  // Normal, Warning
  std::string reason;
  std::string action;
  std::string note;
  std::optional<api::ObjectReference> related;
};

using Action = std::variant<WriteRecord, CreateBinding, DeleteBinding, FreeBinding, ShortenBinding,
                            UpdateStatus, EmitEvent>;

// What to do, in this order, each step only when the one before it succeeded; and when to decide again
// without any change.
struct Decision {
  std::vector<Action> actions;
  std::optional<TimePoint> wake_at;
};

}  // namespace curfew::core
