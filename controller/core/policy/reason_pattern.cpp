#include "core/policy/reason_pattern.hpp"

#include <re2/re2.h>

namespace curfew::core {
namespace {

// Bytes for the program and its cache of states; RE2 refuses a pattern that needs more.
constexpr std::int64_t kMaxMemory = 1 << 20;
// Instructions: room for repetitions of Unicode classes, and at worst a fraction of a second for a reason of
// 1,024 characters.
constexpr int kMaxProgramSize = 25'000;

// Bytes: the CRD accepts 512 characters. A much longer pattern can keep RE2 busy for minutes before RE2
// refuses it.
constexpr std::size_t kMaxPatternLength = std::size_t{512} * 4;

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  return options;
}

}  // namespace

std::optional<std::string> pattern_problem(const std::string& pattern) {
  if (pattern.size() > kMaxPatternLength) return "it is longer than 512 characters";
  const RE2 expression(pattern, options());
  if (!expression.ok()) return expression.error();
  if (expression.ProgramSize() > kMaxProgramSize) return "it would need too large a program";
  return std::nullopt;
}

bool reason_matches(const std::string& pattern, const std::string& text) {
  if (pattern.size() > kMaxPatternLength) return false;
  const RE2 expression(pattern, options());
  return expression.ok() && expression.ProgramSize() <= kMaxProgramSize &&
         RE2::PartialMatch(text, expression);
}

}  // namespace curfew::core
