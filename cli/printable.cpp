#include "cli/printable.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "util/visible_text.hpp"

namespace curfew::cli {
namespace {

// "\u202e"; beyond the basic plane JSON uses a surrogate pair, and YAML "\U000e0041".
std::string escape_of(std::uint32_t code, Notation notation) {
  if (code < 0x10000) return fmt::format("\\u{:04x}", code);
  if (notation == Notation::Yaml) return fmt::format("\\U{:08x}", code);
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10U),
                     0xDC00 + ((code - 0x10000) & 0x3FFU));
}

std::string_view sequence_of(Colour colour) {
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

}  // namespace

std::string escape_control_characters(std::string_view text) {
  return utf8::replace_invisible(text, [](std::optional<std::uint32_t>) { return "?"; });
}

std::string escaped_in_quotes(std::string_view text, Notation notation) {
  return utf8::replace_invisible(text, [&](std::optional<std::uint32_t> code) {
    return !code ? "?" : *code == '\n' ? "\n" : escape_of(*code, notation);
  });
}

Printable Printable::lines(std::string_view text, std::string_view indent) {
  Printable result;
  while (true) {
    const auto end = text.find('\n');
    result.text_ += escape_control_characters(text.substr(0, end));
    if (end == std::string_view::npos) return result;
    result.text_ += '\n';
    text.remove_prefix(end + 1);
    if (!text.empty()) result.text_ += escape_control_characters(indent);
  }
}

Printable Printable::coloured(Colour colour, const Printable& text) {
  const auto sequence = sequence_of(colour);
  if (sequence.empty() || text.empty()) return text;
  Printable result;
  result.text_ = std::string(sequence) + text.text_ + "\x1b[0m";
  return result;
}

}  // namespace curfew::cli
