#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "audit/hash.hpp"
#include "audit/tree.hpp"
#include "util/result.hpp"

// Proofs of RFC 6962, section 2.1.1 (audit paths) and 2.1.2 (consistency), in the RFC's order of hashes.
namespace curfew::audit {

// At most 64 hashes: 2 KiB.
using Proof = std::vector<Hash>;

// That the leaf `index` is in the tree of that size. Invalid unless index < size <= kMaxTreeSize; the
// reader's error if it has one.
Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const HashReader& read);

// That the tree of `new_size` begins with the tree of `old_size`. Empty if the sizes are equal or the old one
// is 0. Invalid unless old_size <= new_size <= kMaxTreeSize.
Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, const HashReader& read);

// A tree of which one knows no more than its checkpoint says.
struct TreeHead {
  std::uint64_t size = 0;
  Hash root = empty_root();

  bool operator==(const TreeHead&) const = default;
};

// Whether the proof leads from the leaf to the root (RFC 9162, 2.1.3.2). Invalid, in one sentence, if not. A
// proof of any length is refused after at most 64 hashes.
Result<void> verify_inclusion(const Hash& leaf_hash, std::uint64_t index, const TreeHead& tree,
                              std::span<const Hash> proof);

// Whether nothing was changed or taken away between the two trees (RFC 9162, 2.1.4.2). Two trees of one size
// must be equal; the tree of size 0 must have empty_root(), and every tree continues it.
Result<void> verify_consistency(const TreeHead& older, const TreeHead& newer, std::span<const Hash> proof);

}  // namespace curfew::audit
