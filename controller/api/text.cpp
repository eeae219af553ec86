#include "api/text.hpp"

namespace curfew::api {

std::string cut(std::string_view text, std::size_t most_bytes) {
  constexpr std::string_view kMore = "...";
  if (text.size() <= most_bytes) return std::string(text);
  const bool marked = most_bytes > kMore.size();
  std::size_t end = marked ? most_bytes - kMore.size() : most_bytes;
  constexpr auto kIsContinuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (end > 0 && kIsContinuation(text[end])) --end;
  return std::string(text.substr(0, end)) + std::string(marked ? kMore : "");
}

}  // namespace curfew::api
