#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/input.hpp"

namespace curfew::core {

// What one check says of a request.
struct Finding {
  enum class Outcome { Passed, Failed, NotChecked };

  std::string_view check;  // its name, as in Check::name
  std::string_view rule;   // what it demands
  Outcome outcome = Outcome::Passed;
  std::string message;  // Failed: the words that condition, Event and record carry; NotChecked: why it means
                        // nothing yet

  bool operator==(const Finding&) const = default;
};

std::string_view to_string(Finding::Outcome outcome);

// Every check that stands between this request and its access, in the order in which they are asked; none
// Failed: it is granted. For an active grant those that it has to go on fulfilling. Decides by the same
// functions as decide().
std::vector<Finding> explain(const Input& input);

}  // namespace curfew::core
