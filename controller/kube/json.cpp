#include "kube/json.hpp"

#include <optional>
#include <string>

namespace curfew::kube {
namespace {

// Past the string that begins at `start`; the end of the text where it is not closed. A quote with an odd number of backslashes before it is part of it.
std::size_t after_string(std::string_view text, std::size_t start) {
  for (std::size_t quote = text.find('"', start + 1); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    std::size_t before = quote;
    while (text[before - 1] == '\\') --before;
    if ((quote - before) % 2 == 0) return quote + 1;
  }
  return text.size();
}

// The text with null for each value that is nested too deep; nullopt: there is none. What is never closed stays open: it is no JSON after all.
std::optional<std::string> without_depths(std::string_view text) {
  std::string kept;
  std::size_t kept_to = 0;
  std::size_t level = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = after_string(text, at);
      continue;
    }
    if ((c == '[' || c == '{') && ++level == kMostLevels + 1) kept.append(text.substr(kept_to, at - kept_to));
    ++at;
    if ((c != ']' && c != '}') || level == 0) continue;
    if (level-- != kMostLevels + 1) continue;
    kept += "null";
    kept_to = at;
  }
  if (level > kMostLevels) return kept;
  if (kept_to == 0) return std::nullopt;
  kept.append(text.substr(kept_to));
  return kept;
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  if (const auto shallow = without_depths(text)) return nlohmann::json::parse(*shallow, nullptr, false);
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace curfew::kube
