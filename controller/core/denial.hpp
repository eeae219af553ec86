#pragma once

#include <string>

namespace curfew::core {

// A refusal as data: goes word for word into condition, Event, audit record and, for `explain`, to the
// person.
struct Denial {
  std::string reason;     // api::reason
  std::string message;    // a sentence: the field, the value, what would be accepted
  bool may_pass = false;  // something that can still arrive (a policy, a role): pending for
                          // Settings::not_found_grace, then a refusal

  bool operator==(const Denial&) const = default;
};

}  // namespace curfew::core
