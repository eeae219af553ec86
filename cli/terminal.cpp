#include "cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "util/utf8.hpp"

namespace curfew::cli {
namespace {

bool wants_colours() {
  const char* refused = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0') &&
         (kind == nullptr || std::string_view(kind) != "dumb");
}

std::size_t width_of(const Cell& cell) {
  return utf8::width(escape_control_characters(cell.text));
}

}  // namespace

Terminal::Terminal()
    : colours_(wants_colours()), interactive_(::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1) {}

void Terminal::print(const Printable& text) const {
  std::cout << text.str() << std::flush;
}

void Terminal::warn(const Printable& text) const {
  std::cerr << text.str() << std::flush;
}

bool Terminal::has_printed() const {
  return static_cast<bool>(std::cout.flush());
}

std::optional<std::string> Terminal::ask(const Printable& question) const {
  warn(question);
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

Printable table(const Terminal& terminal, const std::vector<std::string>& headings,
                const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::vector<Cell>> all;
  if (!headings.empty()) {
    all.emplace_back();
    for (const auto& heading : headings) all.front().push_back({heading, Colour::Plain});
  }
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths;
  for (const auto& row : all) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  Printable result;
  for (const auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      result += terminal.paint(row[i].colour, row[i].text);
      if (i + 1 < row.size()) result += std::string(widths[i] - width_of(row[i]) + 3, ' ');
    }
    result += "\n";
  }
  return result;
}

}  // namespace curfew::cli
