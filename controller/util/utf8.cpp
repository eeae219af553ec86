#include "util/utf8.hpp"

#include <utf8proc.h>

namespace curfew::utf8 {

Character first_character(std::string_view text) {
  utf8proc_int32_t code = 0;
  const utf8proc_ssize_t bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                  static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (bytes <= 0) return {.bytes = 1, .code = std::nullopt};
  return {.bytes = static_cast<std::size_t>(bytes), .code = static_cast<std::uint32_t>(code)};
}

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!character.code) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string_view prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = 0;
  for (std::size_t next = 0; next <= max_bytes; next += first_character(text.substr(next)).bytes) end = next;
  return text.substr(0, end);
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    columns +=
        character.code
            ? static_cast<std::size_t>(utf8proc_charwidth(static_cast<utf8proc_int32_t>(*character.code)))
            : 1;
    text.remove_prefix(character.bytes);
  }
  return columns;
}

}  // namespace curfew::utf8
