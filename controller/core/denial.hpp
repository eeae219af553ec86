#pragma once

#include <string>

namespace curfew::core {

// A refusal as data: copied verbatim into condition, Event, AuditRecord and the output of `explain`.
struct Denial {
  std::string reason;   // api::reason
  std::string message;  // a sentence: the field, the value, what would be accepted
  // About something that may arrive, or come back: a policy, a role, a label of the namespace. It counts only
  // after Settings::not_found_grace: core::may_return_until.
  bool may_pass = false;

  bool operator==(const Denial&) const = default;
};

}  // namespace curfew::core
