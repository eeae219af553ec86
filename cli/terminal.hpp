#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace curfew::cli {

enum class Colour { Plain, Green, Yellow, Red, Faint, Bold };

// Where the words go. Colours only on a terminal, and not where NO_COLOR is set (no-color.org).
class Terminal {
 public:
  Terminal();
  Terminal(bool colours, bool interactive) : colours_(colours), interactive_(interactive) {}

  std::string paint(Colour colour, std::string_view text) const;
  // Whether somebody is there to answer: both standard input and standard error are a terminal.
  bool interactive() const { return interactive_; }
  // Prints the question on standard error and reads a line; nullopt at the end of the input.
  std::optional<std::string> ask(std::string_view question) const;

 private:
  bool colours_;
  bool interactive_;
};

struct Cell {
  std::string text;
  Colour colour = Colour::Plain;
};

// Columns as kubectl prints them: as wide as their widest cell, three spaces between them. Characters that would move the cursor are shown as '?'.
std::string table(const Terminal& terminal, const std::vector<std::string>& headings, const std::vector<std::vector<Cell>>& rows);

// Text from the cluster, fit for a terminal: control characters are shown as '?'.
std::string harmless(std::string_view text);
// The same for text of several lines, which stay lines.
std::string harmless_lines(std::string_view text);

}  // namespace curfew::cli
