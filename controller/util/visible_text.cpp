#include "util/visible_text.hpp"

#include <fmt/format.h>
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

using Code = std::optional<std::uint32_t>;

// Categories, from the first to the last in the order of utf8proc.
bool is_of(std::uint32_t code, utf8proc_category_t first, utf8proc_category_t last) {
  const auto category = properties_of(code).category;
  return category >= first && category <= last;
}

bool is_mark(std::uint32_t code) {
  return is_of(code, UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_ME);
}

// The default-ignorable characters include U+00AD, U+034F, U+200B, the Hangul fillers and variation
// selectors.
bool is_blank(std::uint32_t code) {
  return properties_of(code).ignorable || std::ranges::any_of(kWithoutGlyph, [&](const Range& range) {
           return code >= range.first && code <= range.last;
         });
}

// Control and format characters, and separators of lines. A format character that precedes digits or letters
// (Arabic number sign) has a glyph.
bool is_control(std::uint32_t code) {
  const utf8proc_property_t& properties = properties_of(code);
  switch (properties.category) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    case UTF8PROC_CATEGORY_CF: return properties.boundclass != UTF8PROC_BOUNDCLASS_PREPEND;
    default: return false;
  }
}

// Letters, digits, punctuation marks, symbols, and private use.
bool has_glyph(std::uint32_t code) {
  return !is_blank(code) && (is_of(code, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO) ||
                             is_of(code, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_SO) ||
                             is_of(code, UTF8PROC_CATEGORY_CO, UTF8PROC_CATEGORY_CO));
}

bool is_white_space(std::uint32_t code) {
  constexpr std::uint32_t kNextLine = 0x85;
  return is_of(code, UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZP) || (code >= '\t' && code <= '\r') ||
         code == kNextLine;
}

bool is_emoji(Code code) {
  return code && properties_of(*code).boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

bool is_virama(Code code) {
  constexpr int kVirama = 9;  // canonical combining class
  return code && properties_of(*code).combining_class == kVirama;
}

bool is_arabic_letter(Code code) {
  return code && properties_of(*code).bidi_class == UTF8PROC_BIDI_CLASS_AL && has_glyph(*code);
}

constexpr std::uint32_t kNonJoiner = 0x200C;
constexpr std::uint32_t kJoiner = 0x200D;
constexpr std::uint32_t kTextSelector = 0xFE0E;
constexpr std::uint32_t kEmojiSelector = 0xFE0F;
constexpr std::uint32_t kKeycap = 0x20E3;

// More marks on one character than any script has (Tibetan and Hebrew have about six), and few enough not to
// reach the lines above and below.
constexpr int kMaxMarks = 8;

// The characters before a place in a text, as far as they decide what is seen of the next one.
class Preceding {
 public:
  bool shows(std::uint32_t code, Code next) const {
    switch (code) {
      case kTextSelector:
      case kEmojiSelector: return is_emoji(last_) || (next == kKeycap && is_key());
      case kJoiner: return joins_beside_virama(next) || (is_emoji(base_) && is_emoji(next));
      case kNonJoiner:
        return joins_beside_virama(next) || (is_arabic_letter(base_) && is_arabic_letter(next));
      case kKeycap: return base_ || last_ == kEmojiSelector;
      default:
        return !is_blank(code) && !is_control(code) && (!is_mark(code) || (base_ && marks_ < kMaxMarks));
    }
  }

  void add_shown(std::uint32_t code) {
    last_ = code;
    if (code == kEmojiSelector || code == kTextSelector || code == kJoiner || code == kNonJoiner) return;
    // The colour of a skin is a symbol that extends the one before it.
    if (base_ && (is_mark(code) || properties_of(code).boundclass == UTF8PROC_BOUNDCLASS_EXTEND)) {
      ++marks_;
      return;
    }
    marks_ = 0;
    const bool takes_marks = !is_of(code, UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO) &&
                             !is_of(code, UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZP) &&
                             !is_of(code, UTF8PROC_CATEGORY_CC, UTF8PROC_CATEGORY_CF);
    base_ = takes_marks ? Code(code) : std::nullopt;
  }

  void add_replaced() {
    last_ = base_ = std::nullopt;
    marks_ = 0;
  }

 private:
  bool is_key() const { return base_ || last_ == '#' || last_ == '*'; }
  bool joins_beside_virama(Code next) const { return base_ && (is_virama(last_) || is_virama(next)); }

  Code last_;  // nullopt: at the beginning, or replaced
  Code base_;  // what a combining mark would be placed on
  int marks_ = 0;
};

}  // namespace

bool is_visible(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.code && has_glyph(*character.code)) return true;
    text.remove_prefix(character.bytes);
  }
  return false;
}

std::string_view trimmed(std::string_view text) {
  std::size_t begin = text.size();
  std::size_t end = begin;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = first_character(text.substr(at));
    if (!character.code || !is_white_space(*character.code)) {
      begin = std::min(begin, at);
      end = at + character.bytes;
    }
    at += character.bytes;
  }
  return text.substr(begin, end - begin);
}

std::string replace_invisible(std::string_view text,
                              const std::function<std::string(std::optional<std::uint32_t>)>& replacement) {
  std::string result;
  result.reserve(text.size());
  Preceding before;
  while (!text.empty()) {
    const auto [bytes, code] = first_character(text);
    const std::string_view rest = text.substr(bytes);
    if (code && before.shows(*code, rest.empty() ? std::nullopt : first_character(rest).code)) {
      result += text.substr(0, bytes);
      before.add_shown(*code);
    } else {
      result += replacement(code);
      before.add_replaced();
    }
    text = rest;
  }
  return result;
}

std::string escape_invisible(std::string_view text) {
  return replace_invisible(text, [](Code replaced) -> std::string {
    const std::uint32_t code = replaced.value_or(0xFFFD);  // the replacement character
    switch (code) {
      case '\n': return "\\n";
      case '\r': return "\\r";
      case '\t': return "\\t";
      default: return code < 0x10000 ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
    }
  });
}

}  // namespace curfew::utf8
