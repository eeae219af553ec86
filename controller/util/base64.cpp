#include "util/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace curfew {
namespace {

constexpr std::size_t kDigits = 4;  // for three bytes
constexpr std::size_t kBytes = 3;

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  // OpenSSL writes a NUL behind the text, where a std::string has one.
  std::string text((bytes.size() + kBytes - 1) / kBytes * kDigits, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), unsigned_bytes(bytes),
                  static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  auto bytes = decode_wrapped_base64(text);
  if (bytes && encode_base64(*bytes) != text) return std::nullopt;
  return bytes;
}

std::optional<std::string> decode_wrapped_base64(std::string_view text) {
  std::string digits(text);
  std::erase_if(digits, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  const std::size_t end = std::min(digits.find('='), digits.size());
  const std::size_t padding = digits.size() - end;
  // OpenSSL reads '=' as a zero anywhere.
  if (digits.size() % kDigits != 0 || padding > 2 || digits.find_first_not_of('=', end) != std::string::npos)
    return std::nullopt;
  std::string bytes(digits.size() / kDigits * kBytes, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), unsigned_bytes(digits),
                                     static_cast<int>(digits.size()));
  // OpenSSL skips tabs at the beginning, and tabs and '-' at the end: then fewer bytes result.
  if (length < 0 || static_cast<std::size_t>(length) != bytes.size()) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace curfew
