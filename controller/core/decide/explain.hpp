#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/input.hpp"

namespace curfew::core {

// The result of one check for a request.
struct Finding {
  // Waits: fails now, but is judged only when the access would start, which is not yet.
  enum class Outcome { Passed, Failed, Waits, NotChecked };

  std::string_view check;  // its name, as in Check::name
  std::string_view rule;   // what it requires
  Outcome outcome = Outcome::Passed;
  // Failed: the message of condition, Event and record; Waits: the same, and when it counts; NotChecked: why
  // the check cannot run yet.
  std::string message;

  bool operator==(const Finding&) const = default;
};

std::string_view to_string(Finding::Outcome outcome);

// Every check of the policy between this request and its access, in evaluation order. What is refused
// whatever the policy says (floods, EndedBefore, ApprovedTooEarly, a request older than the guard) is not
// among them. For an active grant, the checks that it must keep passing. Uses the same functions as decide().
std::vector<Finding> explain(const Input& input);

}  // namespace curfew::core
