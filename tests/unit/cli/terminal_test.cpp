#include "cli/terminal.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace curfew::cli;

TEST_CASE("columns are as wide as their widest cell, whatever its bytes and colours") {
  const Terminal plain(false, false);
  CHECK(table(plain, {"NAME", "PHASE"}, {{{"zoë"}, {"Active", Colour::Green}}, {{"al"}, {"-"}}}) ==
        "NAME   PHASE\nzoë    Active\nal     -\n");
  const Terminal coloured(true, false);
  CHECK(table(coloured, {"A", "B"}, {{{"xx", Colour::Red}, {"y"}}}) == "A    B\n\x1b[31mxx\x1b[0m   y\n");
}

TEST_CASE("a wide character takes two columns, and a combining one none") {
  const Terminal plain(false, false);
  CHECK(table(plain, {"NAME", "PHASE"},
              {{{"\u6f22\u5b57"}, {"CJK"}}, {{"ze\u0301"}, {"accent"}}, {{"\U0001f600"}, {"emoji"}}}) ==
        "NAME   PHASE\n\u6f22\u5b57   CJK\nze\u0301     accent\n\U0001f600     emoji\n");
}

TEST_CASE("what is shown as a question mark takes one column") {
  CHECK(table(Terminal(false, false), {}, {{{"a\u200b\xff"}, {"x"}}, {{"abcd"}, {"y"}}}) ==
        "a??    x\nabcd   y\n");
}

TEST_CASE("a table of rows only has no line of headings") {
  CHECK(table(Terminal(false, false), {}, {{{"a"}, {"b"}}}) == "a   b\n");
}

TEST_CASE("without colours nothing is painted") {
  CHECK(Terminal(false, true).paint(Colour::Red, "no") == "no");
  CHECK(Terminal(true, true).paint(Colour::Plain, "no") == "no");
}
