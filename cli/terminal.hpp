#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/printable.hpp"

namespace curfew::cli {

// The only class of this program that prints. Uses colours only on a terminal, and not if NO_COLOR is set
// (no-color.org).
class Terminal {
 public:
  Terminal();
  Terminal(bool colours, bool interactive) : colours_(colours), interactive_(interactive) {}

  Printable paint(Colour colour, const Printable& text) const {
    return colours_ ? Printable::coloured(colour, text) : text;
  }
  // Whether questions can be answered: standard input and standard error are both terminals.
  bool interactive() const { return interactive_; }

  // Prints to standard output and flushes it.
  void print(const Printable& text) const;
  // Prints to standard error.
  void warn(const Printable& text) const;
  // Whether everything that was printed has reached standard output.
  bool has_printed() const;
  // Prints the question to standard error and reads a line; nullopt at the end of the input.
  std::optional<std::string> ask(const Printable& question) const;

 private:
  bool colours_;
  bool interactive_;
};

struct Cell {
  std::string text;
  Colour colour = Colour::Plain;
};

// Columns as kubectl prints them: as wide as their widest cell, separated by three spaces. Without headings,
// prints rows only.
Printable table(const Terminal& terminal, const std::vector<std::string>& headings,
                const std::vector<std::vector<Cell>>& rows);

}  // namespace curfew::cli
