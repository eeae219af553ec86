#pragma once

#include <catch2/matchers/catch_matchers_templated.hpp>
#include <string>
#include <utility>

#include "support/process.hpp"

namespace curfew::test {

class SucceedsMatcher : public Catch::Matchers::MatcherGenericBase {
 public:
  bool match(const ProcessResult& result) const { return result.ok(); }
  std::string describe() const override { return "succeeds"; }
};

// Refused with this sentence, and without an error message of the expression language itself.
class RefusedMatcher : public Catch::Matchers::MatcherGenericBase {
 public:
  explicit RefusedMatcher(std::string sentence) : sentence_(std::move(sentence)) {}
  bool match(const ProcessResult& result) const {
    const std::string said = result.all();
    for (const char* internal :
         {"resulted in error", "failed expression", "no such key", "no such overload"}) {
      if (said.find(internal) != std::string::npos) return false;
    }
    return !result.ok() && !result.timed_out && said.find(sentence_) != std::string::npos;
  }
  std::string describe() const override { return "is refused: \"" + sentence_ + "\""; }

 private:
  std::string sentence_;
};

inline SucceedsMatcher Succeeds() {
  return {};
}
inline RefusedMatcher Refused(std::string sentence) {
  return RefusedMatcher(std::move(sentence));
}

}  // namespace curfew::test

template <>
struct Catch::StringMaker<curfew::test::ProcessResult> {
  static std::string convert(const curfew::test::ProcessResult& result) {
    return "exit code " + std::to_string(result.exit_code) + (result.timed_out ? " (timed out)" : "") + ": " +
           result.all();
  }
};
