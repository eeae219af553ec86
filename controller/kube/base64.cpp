#include "kube/base64.hpp"

#include <cstdint>

namespace curfew::kube {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned kBitsPerDigit = 6;
constexpr unsigned kBitsPerByte = 8;

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits not yet written to `decoded`
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos || padding > 0) return std::nullopt;
    ++digits;
    bits = (bits << kBitsPerDigit) | static_cast<std::uint32_t>(value);
    held += kBitsPerDigit;
    if (held < kBitsPerByte) continue;
    held -= kBitsPerByte;
    decoded += static_cast<char>((bits >> held) & 0xFFU);
  }
  if ((digits + padding) % 4 != 0 || padding > 2) return std::nullopt;
  return decoded;
}

}  // namespace curfew::kube
