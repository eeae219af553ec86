#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

// Only for the sources of this folder: text that is read line by line.
namespace curfew::audit {

// Removes the first line from the text and returns it without its newline; nullopt if no newline is left.
inline std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// ASCII decimal without sign and leading zeros.
inline std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.size() > 1 && text.starts_with('0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace curfew::audit
