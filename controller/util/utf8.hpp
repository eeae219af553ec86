#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

// UTF-8, by Unicode's tables in utf8proc. Text from outside can contain anything: every function takes a byte
// that is not part of valid UTF-8 for a character of its own.
namespace curfew::utf8 {

// The beginning of a text.
struct Character {
  std::size_t bytes = 0;              // at least 1
  std::optional<std::uint32_t> code;  // nullopt: not UTF-8 (overlong forms and surrogates are not)
};

// The first character of a text that is not empty.
Character first_character(std::string_view text);

bool is_valid(std::string_view text);

// The longest beginning of at most `max_bytes` bytes that splits no character.
std::string_view prefix(std::string_view text, std::size_t max_bytes);

// The number of columns on a terminal: 2 for a wide character (CJK, most emoji), 0 for a combining one.
std::size_t width(std::string_view text);

}  // namespace curfew::utf8
