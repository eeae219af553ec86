#include "util/base64.hpp"

#include <openssl/evp.h>

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
  if (text.size() % kDigits != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes(text.size() / kDigits * kBytes, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), unsigned_bytes(text),
                                     static_cast<int>(text.size()));
  if (length < 0 || static_cast<std::size_t>(length) != bytes.size()) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  // OpenSSL ignores spaces at both ends, '=' in the middle, and bits that encode nothing.
  if (encode_base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace curfew
