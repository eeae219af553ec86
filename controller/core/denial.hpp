#pragma once

#include <string>

namespace curfew::core {

// A refusal as data: copied verbatim into condition, Event, AuditRecord and the output of `explain`.
struct Denial {
  std::string reason;     // api::reason
  std::string message;    // a sentence: the field, the value, what would be accepted
  bool may_pass = false;  // about an object that may still arrive (a policy, a role): pending for
                          // Settings::not_found_grace, then a refusal

  bool operator==(const Denial&) const = default;
};

}  // namespace curfew::core
