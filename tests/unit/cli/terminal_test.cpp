#include "cli/terminal.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace curfew::cli;

TEST_CASE("columns are as wide as their widest cell, whatever its bytes and colours") {
  const Terminal plain(false, false);
  CHECK(table(plain, {"NAME", "PHASE"}, {{{"zoë"}, {"Active", Colour::Green}}, {{"al"}, {"-"}}}) == "NAME   PHASE\nzoë    Active\nal     -\n");
  const Terminal coloured(true, false);
  CHECK(table(coloured, {"A", "B"}, {{{"xx", Colour::Red}, {"y"}}}) == "A    B\n\x1b[31mxx\x1b[0m   y\n");
}

TEST_CASE("without colours nothing is painted") {
  CHECK(Terminal(false, true).paint(Colour::Red, "no") == "no");
  CHECK(Terminal(true, true).paint(Colour::Plain, "no") == "no");
}

TEST_CASE("text from the cluster cannot move the cursor or forge a line") {
  CHECK(harmless("a\x1b[2Jb\nc\rd\x7f") == "a?[2Jb?c?d?");
  CHECK(harmless("a\xc2\x9b" "31m") == "a?31m");
  CHECK(harmless("zo\xc3\xab") == "zo\xc3\xab");
}

TEST_CASE("lines stay lines where they are ours, and nothing else in them moves the cursor") {
  CHECK(harmless_lines("no:\n  a\x1b[2J\n") == "no:\n  a?[2J\n");
  CHECK(harmless_lines("") == "");
}
