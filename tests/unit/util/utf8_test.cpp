#include "util/utf8.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace curfew;

TEST_CASE("a beginning ends between characters") {
  const std::string text = "a\u00e9\u6f22\U0001f600b";  // of 1, 2, 3, 4 and 1 bytes
  const auto [most, length] = GENERATE(table<std::size_t, std::size_t>(
      {{0, 0}, {1, 1}, {2, 1}, {3, 3}, {5, 3}, {6, 6}, {9, 6}, {10, 10}, {11, 11}, {99, 11}}));
  CAPTURE(most);
  CHECK(utf8::prefix(text, most) == std::string_view(text).substr(0, length));
}

TEST_CASE("bytes that are not UTF-8 do not keep a text from being cut") {
  CHECK(utf8::prefix("\x80\x80\x80\x80", 2) == "\x80\x80");
  CHECK(utf8::prefix("a\xe6\xbc", 2) == "a\xe6");
}

TEST_CASE("only the shortest form of a code point is a character") {
  CHECK(utf8::first_character("\xf0\x9f\x98\x80x").code == 0x1f600U);
  CHECK(utf8::first_character("\xf0\x9f\x98\x80x").bytes == 4);
  CHECK(utf8::first_character(std::string_view("\0", 1)).code == 0U);
  for (const char* bad :
       {"\xc0\x9b", "\xe0\x80\x9b", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe6\xbc", "\x80"}) {
    CAPTURE(bad);
    CHECK_FALSE(utf8::first_character(bad).code);
    CHECK(utf8::first_character(bad).bytes == 1);
    CHECK_FALSE(utf8::is_valid(std::string("ab") + bad));
  }
}

TEST_CASE("a text of characters is valid") {
  CHECK(utf8::is_valid(""));
  CHECK(utf8::is_valid("a\u00e9\u6f22\U0001f600"));
}

TEST_CASE("the width of a text is that of its characters on a terminal") {
  const auto [text, columns] =
      GENERATE(table<std::string, std::size_t>({{"", 0},
                                                {"zo\u00eb", 3},
                                                {"ze\u0301", 2},      // combining
                                                {"\u6f22\u5b57", 4},  // CJK
                                                {"\U0001f600", 2},    // emoji
                                                {"\uff21", 2},        // full width
                                                {"\ud55c", 2},        // Hangul
                                                {"\u0e01\u0e34", 1},  // Thai, with a vowel above
                                                {"a\xff", 2}}));
  CAPTURE(text);
  CHECK(utf8::width(text) == columns);
}
