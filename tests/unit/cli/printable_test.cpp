#include "cli/printable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <type_traits>

using namespace curfew::cli;

TEST_CASE("text from the cluster cannot move the cursor or forge a line") {
  CHECK(escape_control_characters("a\x1b[2Jb\nc\rd\x7f") == "a?[2Jb?c?d?");
  CHECK(escape_control_characters("a\xc2\x9b"
                                  "31m") == "a?31m");
  CHECK(escape_control_characters("zo\xc3\xab \xe6\xbc\xa2 \xf0\x9f\x98\x80") ==
        "zo\xc3\xab \xe6\xbc\xa2 \xf0\x9f\x98\x80");
  CHECK(escape_control_characters("").empty());
}

TEST_CASE("what turns the direction of text around, and what cannot be seen, is shown") {
  const auto hidden = GENERATE(as<std::string>(), "\u061c", "\u180e", "\u200b", "\u200d", "\u200e", "\u200f",
                               "\u2028", "\u2029", "\u202a", "\u202e", "\u2060", "\u2064", "\u2066", "\u2069",
                               "\ufeff", "\ufffb", "\U000e0041", "\U000e0080", "\u00ad", "\u034f", "\u115f",
                               "\u1160", "\u17b4", "\u180b", "\u200c", "\u2065", "\u2800", "\u3164", "\ufe00",
                               "\ufe0f", "\uffa0", "\ufff0", "\U0001d159", "\U0001d173", "\U000e0100");
  CHECK(escape_control_characters("a" + hidden + "b") == "a?b");
  CHECK(escape_control_characters(escape_control_characters(hidden)) == "?");
}

TEST_CASE("what stands beside it stays") {
  const auto seen =
      GENERATE(as<std::string>(), "\u200a", "\u2010", "\u2027", "\u202f", "\u205f", "\u2070", "\ufefe",
               "\ufffd", "\u00a0", "\u0600", "\u3000", "\U0001fae9", "\U0010ffff", "~", " ");
  CHECK(escape_control_characters(seen) == seen);
}

TEST_CASE("a combining mark is printed after a letter, a digit or a symbol only") {
  const auto mark = GENERATE(as<std::string>(), "\u0301", "\u0489", "\u0903", "\u0e34", "\u20dd");
  for (const std::string before : {"e", "\u6f22", "7", "+", "\u25cc", "e\u0302"})
    CHECK(escape_control_characters(before + mark) == before + mark);
  for (const std::string before : {"", " ", "a ", "\u00a0", "\"", ".", "?"})
    CHECK(escape_control_characters(before + mark) == before + "?");
  for (const std::string before : {"\n", "e\u200b", "\u3164", "\xff"})
    CHECK(escape_control_characters(before + mark) == escape_control_characters(before) + "?");
}

TEST_CASE("marks are not stacked into the lines above and below") {
  std::string stack = "e";
  for (int i = 0; i < 8; ++i) stack += "\u0301";
  CHECK(escape_control_characters(stack) == stack);
  CHECK(escape_control_characters(stack + "\u0301\u0301e\u0301") == stack + "??e\u0301");
}

TEST_CASE("what joins or selects the forms of characters is printed where it changes what is seen") {
  const auto text = GENERATE(as<std::string>(),
                             "\U0001f469\u200d\U0001f692",              // woman, fire engine
                             "\U0001f469\U0001f3fd\u200d\U0001f692",    // and the colour of her skin
                             "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f",  // an eye in a speech bubble
                             "\u2764\ufe0f", "\u2764\ufe0e", "1\ufe0f\u20e3", "#\ufe0f\u20e3",
                             "\U0001f1e9\U0001f1ea",                                  // a flag
                             "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",      // Persian
                             "\u0915\u094d\u200d\u0937", "\u0915\u094d\u200c\u0937",  // Devanagari
                             "\u09b0\u200d\u09cd\u09af",                              // Bengali
                             "\u1112\u1161\u11ab", "\u0f66\u0f92\u0fb2\u0f74\u0f56", "\u0e01\u0e34\u0e19");
  CAPTURE(text);
  CHECK(escape_control_characters(text) == text);
}

TEST_CASE("what joins or selects the forms of characters is shown elsewhere") {
  const auto [text, printed] =
      GENERATE(table<std::string, std::string>({{"\u200d\U0001f692", "?\U0001f692"},
                                                {"\U0001f469\u200d", "\U0001f469?"},
                                                {"\U0001f469\u200dx", "\U0001f469?x"},
                                                {"\u2764\ufe0f\ufe0f", "\u2764\ufe0f?"},
                                                {"1\ufe0f", "1?"},
                                                {"\u6f22\u200c\u5b57", "\u6f22?\u5b57"},
                                                {"\u0627\u200c", "\u0627?"},
                                                {"\u0627\u200d\u0627", "\u0627?\u0627"},
                                                {"\u200d\u09cd", "??"},
                                                {"\u845b\U000e0100", "\u845b?"}}));
  CHECK(escape_control_characters(text) == printed);
  CHECK(escape_control_characters(printed) == printed);
}

TEST_CASE("each byte that is no UTF-8 is shown as one") {
  CHECK(escape_control_characters("\xff") == "?");
  CHECK(escape_control_characters("a\xc3") == "a?");
  CHECK(escape_control_characters("\xc3(") == "?(");
  // ESC encoded in two bytes, which some terminals accept.
  CHECK(escape_control_characters("\xc0\x9b[31m") == "??[31m");
  CHECK(escape_control_characters("\xe0\x80\x9b") == "???");       // in three
  CHECK(escape_control_characters("\xed\xa0\x80") == "???");       // half of a surrogate pair
  CHECK(escape_control_characters("\xf4\x90\x80\x80") == "????");  // beyond the last code point
  CHECK(escape_control_characters("\x9b"
                                  "31m") == "?31m");  // a C1 byte outside UTF-8
  CHECK(escape_control_characters(std::string("a\0b", 3)) == "a?b");
}

TEST_CASE("in JSON and YAML the same text is written another way") {
  const auto notation = GENERATE(Notation::Json, Notation::Yaml);
  CHECK(escaped_in_quotes("{\"a\": \"\u202ex\x7f\"}\n", notation) == "{\"a\": \"\\u202ex\\u007f\"}\n");
  CHECK(escaped_in_quotes("zo\u00eb", notation) == "zo\u00eb");
  CHECK(escaped_in_quotes("{\"\u0301\": \"e\u0301\u3164\"}", notation) ==
        "{\"\\u0301\": \"e\u0301\\u3164\"}");
  CHECK(escaped_in_quotes("\U000e0041", notation) ==
        (notation == Notation::Json ? "\\udb40\\udc41" : "\\U000e0041"));
}

TEST_CASE("literals are printed as they are, and all other text harmlessly") {
  const std::string text = "a\nb\x1b[2J";
  CHECK((Printable("x:\n  ") + text + "\n") == "x:\n  a?b?[2J\n");
  CHECK((Printable(text) + std::string_view(text)) == "a?b?[2Ja?b?[2J");
  CHECK(Printable(curfew::InternedString(text)) == "a?b?[2J");
  CHECK(Printable::coloured(Colour::Red, text) == "\x1b[31ma?b?[2J\x1b[0m");
  CHECK(Printable::coloured(Colour::Red, "").empty());
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Printable, char(&)[4]>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<const char*, Printable>);
}

TEST_CASE("text with lines of its own cannot look like a line of this program") {
  CHECK(Printable::lines("is invalid:\n* spec.a\x1b[2J\n* spec.b", "  ") ==
        "is invalid:\n  * spec.a?[2J\n  * spec.b");
  CHECK(Printable::lines("a\n", "  ") == "a\n");
  CHECK(Printable::lines("", "  ").empty());
}
