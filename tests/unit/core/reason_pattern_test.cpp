#include "core/policy/reason_pattern.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace curfew::core;

TEST_CASE("a pattern matches anywhere in the reason, unless it is anchored") {
  CHECK(reason_matches("INC-[0-9]+", "pager, see INC-77 for more"));
  CHECK_FALSE(reason_matches("^INC-[0-9]+", "pager, see INC-77 for more"));
  CHECK(reason_matches("^INC-[0-9]+$", "INC-77"));
  CHECK_FALSE(reason_matches("^INC-[0-9]+$", "INC-77 "));
  CHECK_FALSE(reason_matches("INC-[0-9]+", "inc-77"));
  CHECK(reason_matches("(?i)INC-[0-9]+", "inc-77"));
}

TEST_CASE("the empty pattern matches any reason, the empty one too") {
  CHECK(reason_matches("", ""));
  CHECK(reason_matches("", "INC-77"));
  CHECK_FALSE(pattern_problem(""));
}

TEST_CASE("a pattern means characters, not bytes") {
  CHECK(reason_matches("^St.rung$", "Störung"));
  CHECK(reason_matches("^..$", "日本"));
  CHECK(reason_matches("^\\p{Han}+$", "日本"));
  CHECK_FALSE(reason_matches("^\\pL+$", "INC-1"));
}

TEST_CASE("a reason that is not UTF-8 does no harm") {
  CHECK_FALSE(reason_matches("^.*$", "INC-\xff\xfe"));
  CHECK(reason_matches("INC-", "INC-\xff\xfe"));
}

TEST_CASE("a pattern that cannot be read has a problem, and matches nothing") {
  const std::string pattern = GENERATE(
      values<std::string>({"INC-(", "[", "*", "a{2,1}", "(?=x)", "\\1", "(?<!x)y", "x{1001}", "\xff"}));
  CAPTURE(pattern);
  const auto problem = pattern_problem(pattern);
  REQUIRE(problem);
  CHECK_FALSE(problem->empty());
  CHECK_FALSE(reason_matches(pattern, pattern));
  CHECK_FALSE(reason_matches(pattern, ""));
}

TEST_CASE("a pattern that would need too large a program is refused") {
  const std::string pattern =
      GENERATE(values<std::string>({"((x{500}){500})", "(((((x{30}){30}){30}){30}){30})",
                                    "(alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliett){1000}",
                                    "(.{250}|.{250}){2,900}", "\\pL{1000}", "((a{100}){100}){100}"}));
  CAPTURE(pattern);
  const auto problem = pattern_problem(pattern);
  CHECK(problem.has_value());
  CHECK_FALSE(reason_matches(pattern, std::string(1024, 'x')));
}

TEST_CASE("a pattern that is longer than the CRD accepts is refused before it is looked at") {
  const std::string accepted(512, 'x');
  CHECK_FALSE(pattern_problem(accepted));
  CHECK(reason_matches(accepted, accepted));
  const std::string too_long(2049, 'x');
  CHECK(pattern_problem(too_long) == "it is longer than 512 characters");
  CHECK_FALSE(reason_matches(too_long, too_long));
}

TEST_CASE("a pattern that makes others backtrack for ever does not hold anything up") {
  const std::string pattern =
      GENERATE(values<std::string>({"^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)(.*)(.*)(.*)(.*)(.*)x$"}));
  CAPTURE(pattern);
  REQUIRE_FALSE(pattern_problem(pattern));
  CHECK_FALSE(reason_matches(pattern, std::string(8192, 'a') + "!"));
}

TEST_CASE("what people write is far from the limit") {
  const std::string pattern = GENERATE(values<std::string>(
      {"^(INC|CHG|PRB)-[0-9]{4,10}(: .{10,200})?$",
       "^https://tickets\\.example\\.com/[A-Z]{2,10}-[0-9]{1,9}$", ".{20}", "^\\pL[\\pL\\pN ,.-]+$"}));
  CAPTURE(pattern);
  CHECK_FALSE(pattern_problem(pattern));
}
