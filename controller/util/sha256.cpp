#include "util/sha256.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

namespace curfew {

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::string sha256_hex(std::string_view text) {
  return fmt::format("{:02x}", fmt::join(sha256(text), ""));
}

}  // namespace curfew
