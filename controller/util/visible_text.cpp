#include "util/visible_text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "util/utf8.hpp"

namespace curfew::utf8 {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Characters without a glyph whose properties in utf8proc do not say so.
constexpr std::array kWithoutGlyph{
    Range{0x2065, 0x2065},    // unassigned, default-ignorable
    Range{0x2800, 0x2800},    // Braille pattern blank, a symbol
    Range{0xFFF0, 0xFFF8},    // unassigned, default-ignorable
    Range{0x1D159, 0x1D159},  // musical symbol null notehead
    Range{0xE0000, 0xE0FFF},  // default-ignorable, most of it unassigned
};

const utf8proc_property_t& properties_of(std::uint32_t code) {
  return *utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
}

// The default-ignorable characters include U+00AD, U+034F, U+200B, the Hangul fillers and variation
// selectors.
bool is_invisible(std::uint32_t code) {
  return properties_of(code).ignorable || std::ranges::any_of(kWithoutGlyph, [&](const Range& range) {
           return code >= range.first && code <= range.last;
         });
}

// Letters, digits, punctuation marks, symbols, and private use.
bool has_glyph(std::uint32_t code) {
  const auto category = properties_of(code).category;
  const bool is_mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
  return (category == UTF8PROC_CATEGORY_CO ||
          (!is_mark && category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_SO)) &&
         !is_invisible(code);
}

}  // namespace

bool is_visible(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.code && has_glyph(*character.code)) return true;
    text.remove_prefix(character.bytes);
  }
  return false;
}

}  // namespace curfew::utf8
