#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "util/sha256.hpp"

// The hashes of RFC 6962, section 2.1, with SHA-256. Their prefixes keep leaves and nodes apart, so that no
// leaf can be presented as a node.
namespace curfew::audit {

using Hash = Sha256;

// SHA-256(0x00 || leaf), of the bytes that encode_leaf() writes.
Hash leaf_hash(std::string_view leaf);
// SHA-256(0x01 || left || right)
Hash node_hash(const Hash& left, const Hash& right);
// SHA-256 of nothing: the root of a tree without leaves.
Hash empty_root();

std::string_view bytes_of(const Hash& hash);  // valid as long as `hash`
// nullopt unless there are exactly 32 bytes.
std::optional<Hash> hash_of_bytes(std::string_view bytes);

// Hashes in text are base64, as in checkpoints and proofs: 44 characters.
std::string to_base64(const Hash& hash);
std::optional<Hash> parse_hash(std::string_view base64);

}  // namespace curfew::audit
