#include "cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace curfew::cli {
namespace {

bool wants_colours() {
  const char* refused = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0') && (kind == nullptr || std::string_view(kind) != "dumb");
}

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::Green: return "\x1b[32m";
    case Colour::Yellow: return "\x1b[33m";
    case Colour::Red: return "\x1b[31m";
    case Colour::Faint: return "\x1b[2m";
    case Colour::Bold: return "\x1b[1m";
    case Colour::Plain: break;
  }
  return "";
}

// Code points, which is what most terminals give one cell to.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Terminal::Terminal() : colours_(wants_colours()), interactive_(::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1) {}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  const auto code = code_of(colour);
  if (!colours_ || code.empty() || text.empty()) return std::string(text);
  return std::string(code) + std::string(text) + "\x1b[0m";
}

std::optional<std::string> Terminal::ask(std::string_view question) const {
  std::cerr << question << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

std::string harmless(std::string_view text) {
  std::string result(text);
  std::ranges::replace_if(result, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7f; }, '?');
  // C1 controls, which UTF-8 writes as C2 80 to C2 9F.
  for (std::size_t i = 0; i + 1 < result.size(); ++i) {
    const auto next = static_cast<unsigned char>(result[i + 1]);
    if (static_cast<unsigned char>(result[i]) == 0xC2U && next >= 0x80U && next <= 0x9FU) result.replace(i, 2, "?");
  }
  return result;
}

std::string harmless_lines(std::string_view text) {
  std::string result;
  while (true) {
    const auto end = text.find('\n');
    result += harmless(text.substr(0, end));
    if (end == std::string_view::npos) return result;
    result += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string table(const Terminal& terminal, const std::vector<std::string>& headings, const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::vector<Cell>> all{{}};
  for (const auto& heading : headings) all.front().push_back({heading, Colour::Plain});
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(headings.size(), 0);
  for (auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i].text = row[i].text.empty() ? "" : harmless(row[i].text);
      widths[i] = std::max(widths[i], width_of(row[i].text));
    }
  }
  std::string result;
  for (const auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      result += terminal.paint(row[i].colour, row[i].text);
      if (i + 1 < row.size()) result.append(widths[i] - width_of(row[i].text) + 3, ' ');
    }
    result += '\n';
  }
  return result;
}

}  // namespace curfew::cli
