#include "api/text.hpp"

#include <algorithm>

#include "util/utf8.hpp"

namespace curfew::api {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string cut(std::string_view text, std::size_t most_bytes) {
  constexpr std::string_view kMore = "...";
  if (text.size() <= most_bytes) return std::string(text);
  if (most_bytes <= kMore.size()) return std::string(utf8::prefix(text, most_bytes));
  return std::string(utf8::prefix(text, most_bytes - kMore.size())) += kMore;
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
