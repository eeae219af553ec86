#include "kube/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace curfew::kube {

std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::size_t kDigits = 4;  // for three bytes
  constexpr std::size_t kBytes = 3;
  std::string digits(text);
  std::erase_if(digits, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  const std::size_t end = std::min(digits.find('='), digits.size());
  const std::size_t padding = digits.size() - end;
  // OpenSSL reads '=' as a zero anywhere.
  if (digits.size() % kDigits != 0 || padding > 2 || digits.find_first_not_of('=', end) != std::string::npos)
    return std::nullopt;
  std::string decoded(digits.size() / kDigits * kBytes, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                      reinterpret_cast<const unsigned char*>(digits.data()), static_cast<int>(digits.size()));
  // OpenSSL skips tabs at the beginning, and tabs and '-' at the end: then fewer bytes result.
  if (length < 0 || static_cast<std::size_t>(length) != decoded.size()) return std::nullopt;
  decoded.resize(decoded.size() - padding);
  return decoded;
}

}  // namespace curfew::kube
