#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/printable.hpp"

namespace curfew::cli {

// Where the words go; nothing else in this program prints. Colours only on a terminal, and not where NO_COLOR
// is set (no-color.org).
class Terminal {
 public:
  Terminal();
  Terminal(bool colours, bool interactive) : colours_(colours), interactive_(interactive) {}

  Printable paint(Colour colour, const Printable& text) const {
    return colours_ ? Printable::coloured(colour, text) : text;
  }
  // Whether somebody is there to answer: both standard input and standard error are a terminal.
  bool interactive() const { return interactive_; }

  // On standard output, at once.
  void print(const Printable& text) const;
  // On standard error.
  void warn(const Printable& text) const;
  // Whether all that was printed has reached standard output.
  bool has_printed() const;
  // Prints the question on standard error and reads a line; nullopt at the end of the input.
  std::optional<std::string> ask(const Printable& question) const;

 private:
  bool colours_;
  bool interactive_;
};

struct Cell {
  std::string text;
  Colour colour = Colour::Plain;
};

// Columns as kubectl prints them: as wide as their widest cell, three spaces between them. No headings: rows
// only.
Printable table(const Terminal& terminal, const std::vector<std::string>& headings,
                const std::vector<std::vector<Cell>>& rows);

}  // namespace curfew::cli
