#include "util/duration.hpp"

#include <array>

namespace curfew {

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  struct Unit {
    char letter;
    std::chrono::seconds::rep seconds;
  };
  constexpr std::array kUnits{Unit{'h', 3600}, Unit{'m', 60}, Unit{'s', 1}};
  const auto longest = kMaxDuration.count();

  std::chrono::seconds::rep total = 0;
  std::size_t at = 0;
  for (const Unit& unit : kUnits) {
    std::chrono::seconds::rep number = 0;
    std::size_t end = at;
    for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end) {
      number = number * 10 + (text[end] - '0');
      if (number > longest) return std::nullopt;
    }
    if (end == at || end == text.size() || text[end] != unit.letter) continue;
    total += number * unit.seconds;
    at = end + 1;
  }
  if (at != text.size() || total < 1 || total > longest) return std::nullopt;
  return std::chrono::seconds(total);
}

std::string format_duration(std::chrono::seconds duration) {
  const auto seconds = duration.count();
  std::string text;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds % 3600 >= 60) text += std::to_string(seconds % 3600 / 60) + "m";
  if (seconds % 60 != 0 || seconds == 0) text += std::to_string(seconds % 60) + "s";
  return text;
}

}  // namespace curfew
