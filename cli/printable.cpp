#include "cli/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "util/utf8.hpp"

namespace curfew::cli {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

constexpr std::array kHarmful{
    Range{0x00, 0x1F},        // C0 controls
    Range{0x7F, 0x9F},        // DEL and C1 controls
    Range{0x61C, 0x61C},      // Arabic letter mark
    Range{0x180E, 0x180E},    // Mongolian vowel separator (zero width)
    Range{0x200B, 0x200F},    // zero width, direction marks
    Range{0x2028, 0x202E},    // line and paragraph separators, direction embeddings and overrides
    Range{0x2060, 0x206F},    // zero width, invisible operators, direction isolates
    Range{0xFEFF, 0xFEFF},    // byte order mark (zero width)
    Range{0xFFF9, 0xFFFB},    // interlinear annotation
    Range{0xE0000, 0xE007F},  // invisible tags
};

bool is_harmful(std::uint32_t code) {
  return std::ranges::any_of(kHarmful,
                             [&](const Range& range) { return code >= range.first && code <= range.last; });
}

// Replaces everything harmful in the text; `replacement` receives the code point, or nullopt for a byte that
// is not UTF-8.
template <class Replacement>
std::string replaced(std::string_view text, const Replacement& replacement) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto [bytes, code] = utf8::first_character(text);
    if (code && !is_harmful(*code)) {
      result += text.substr(0, bytes);
    } else {
      result += replacement(code);
    }
    text.remove_prefix(bytes);
  }
  return result;
}

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
  return replaced(text, [](std::optional<std::uint32_t>) { return "?"; });
}

std::string escaped_in_quotes(std::string_view text, Notation notation) {
  return replaced(text, [&](std::optional<std::uint32_t> code) {
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
