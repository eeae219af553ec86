#pragma once

#include <optional>
#include <string>

namespace curfew::core {

// Why AccessPolicy.spec.reason.pattern cannot be used: RE2's error, it is too long, or its program would be
// too large; nullopt if it can.
std::optional<std::string> pattern_problem(const std::string& pattern);

// Whether RE2 finds the pattern somewhere in the text, in time linear in both; false for a pattern that
// cannot be used.
bool reason_matches(const std::string& pattern, const std::string& text);

}  // namespace curfew::core
