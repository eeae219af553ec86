#include "api/text.hpp"

#include <algorithm>

namespace curfew::api {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string cut(std::string_view text, std::size_t most_bytes) {
  constexpr std::string_view kMore = "...";
  if (text.size() <= most_bytes) return std::string(text);
  const bool marked = most_bytes > kMore.size();
  std::size_t end = marked ? most_bytes - kMore.size() : most_bytes;
  constexpr auto kIsContinuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (end > 0 && kIsContinuation(text[end])) --end;
  return std::string(text.substr(0, end)) + std::string(marked ? kMore : "");
}

bool is_dns_label(std::string_view text) {
  constexpr std::size_t kMaxLabel = 63;
  if (text.empty() || text.size() > kMaxLabel || !is_alphanumeric(text.front()) ||
      !is_alphanumeric(text.back()))
    return false;
  return std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

// Unlike a label on its own, a label of a subdomain may be as long as the subdomain.
bool is_dns_subdomain(std::string_view text) {
  constexpr std::size_t kMaxSubdomain = 253;
  if (text.empty() || text.size() > kMaxSubdomain) return false;
  char before = '.';
  for (const char c : text) {
    if (!is_alphanumeric(c) && c != '-' && c != '.') return false;
    if ((before == '.' && !is_alphanumeric(c)) || (before == '-' && c == '.')) return false;
    before = c;
  }
  return is_alphanumeric(before);
}

}  // namespace curfew::api
