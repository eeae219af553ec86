#include "util/visible_text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace curfew;

TEST_CASE("a letter, a digit, a punctuation mark or a symbol of any script is visible") {
  const auto text = GENERATE(as<std::string>(), "x", "7", ".", "+", "\u00e9", "e\u0301", "\u6f22", "\ud55c",
                             "\u0e01", "\u0627", "\u0915\u094d", "\U0001f600", "\u2764\ufe0f", "\u280f",
                             "\u200bx", " x ", "\ue000", "\xff.");
  CAPTURE(text);
  CHECK(utf8::is_visible(text));
}

TEST_CASE("white space, fillers, format characters and marks without a letter are not visible") {
  const auto text =
      GENERATE(as<std::string>(), "", " \t\r\n", "\u00a0", "\u1680", "\u2003", "\u2028", "\u3000",  // spaces
               "\u00ad", "\u061c", "\u180e", "\u200b", "\u200d", "\u202e", "\u2060", "\u2066", "\ufeff",
               "\U000e0001", "\U000e0041", "\ufffb", "\U0001d173",              // format characters
               "\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\U0001d159",  // letters and symbols
               "\u034f", "\u180b", "\ufe0f", "\U000e0100", "\u0301", "\u0903", "\u20dd",  // marks
               "\u2065", "\ufff0", "\U000e0080", "\uffff", "\x1b", "\u0085", "\xc2", "\xff");
  CAPTURE(text);
  CHECK_FALSE(utf8::is_visible(text));
  CHECK_FALSE(utf8::is_visible(text + "\u200b" + text));
  CHECK(utf8::is_visible(text + "x"));
}

TEST_CASE("white space at both ends of a text is removed, and nothing within it") {
  CHECK(utf8::trimmed("").empty());
  CHECK(utf8::trimmed(" \t\r\n\v\f\u0085\u00a0\u1680\u2003\u2028\u2029\u3000").empty());
  CHECK(utf8::trimmed(" \u3000a\n\n b\u00e9\u00a0\n") == "a\n\n b\u00e9");
  CHECK(utf8::trimmed("\u200ba\xff") == "\u200ba\xff");
}
