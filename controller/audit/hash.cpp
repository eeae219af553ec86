#include "audit/hash.hpp"

#include <algorithm>

#include "util/base64.hpp"

namespace curfew::audit {

std::string_view bytes_of(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Hash leaf_hash(std::string_view leaf) {
  std::string prefixed;
  prefixed.reserve(leaf.size() + 1);
  prefixed += '\x00';
  prefixed += leaf;
  return sha256(prefixed);
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * std::tuple_size_v<Hash>> prefixed{'\x01'};
  const auto end = std::ranges::copy(bytes_of(left), prefixed.begin() + 1).out;
  std::ranges::copy(bytes_of(right), end);
  return sha256({prefixed.data(), prefixed.size()});
}

Hash empty_root() {
  return sha256("");
}

std::optional<Hash> hash_of_bytes(std::string_view bytes) {
  Hash hash{};
  if (bytes.size() != hash.size()) return std::nullopt;
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

std::string to_base64(const Hash& hash) {
  return encode_base64(bytes_of(hash));
}

std::optional<Hash> parse_hash(std::string_view base64) {
  constexpr std::size_t kLength = 44;  // so that longer text is not decoded
  if (base64.size() != kLength) return std::nullopt;
  const auto bytes = decode_base64(base64);
  return bytes ? hash_of_bytes(*bytes) : std::nullopt;
}

}  // namespace curfew::audit
