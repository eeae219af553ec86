#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "audit/hash.hpp"
#include "util/result.hpp"

// The Merkle tree of RFC 6962, section 2.1: leaves are appended, and the root of any size commits to all
// leaves before it and to their order.
namespace curfew::audit {

// The largest size. C2SP's formats end one bit later; Go's implementations, like this one, count in 63 bits.
inline constexpr std::uint64_t kMaxTreeSize = (std::uint64_t{1} << 63U) - 1;

// Reads the hash of the perfect subtree over the leaves [index * 2^level, (index + 1) * 2^level): level 0 has
// the leaf hashes. Only asked for subtrees that are complete at the size in question. Errors are passed on.
using HashReader = std::function<Result<Hash>(int level, std::uint64_t index)>;

// The roots of the perfect subtrees that a tree consists of, from left to right: one for each 1 in the binary
// form of the size, so at most 63. They are all that is needed to append leaves and to compute the root.
class Frontier {
 public:
  Frontier() = default;  // of the empty tree
  // Decode unless the number of hashes is that of the size. Hashes are not checked: root() of a frontier that
  // was stored has to be compared with a signed one.
  static Result<Frontier> restore(std::uint64_t size, std::vector<Hash> hashes);

  // The size must be below kMaxTreeSize.
  void append(const Hash& leaf_hash);

  std::uint64_t size() const { return size_; }
  const std::vector<Hash>& hashes() const { return hashes_; }
  Hash root() const;

  bool operator==(const Frontier&) const = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> hashes_;
};

// Every hash of a tree in memory, 64 bytes a leaf, for callers that have all leaves. Its reader serves the
// roots and proofs of every smaller size too.
class TreeHashes {
 public:
  // The size must be below kMaxTreeSize.
  void append(const Hash& leaf_hash);

  std::uint64_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }
  // Invalid for a subtree that is not complete.
  Result<Hash> at(int level, std::uint64_t index) const;
  // Valid as long as this object.
  HashReader reader() const;

 private:
  std::vector<std::vector<Hash>> levels_;
};

// The hash of the tree over the leaves [begin, end): MTH(D[begin:end]). `begin` must be a multiple of a power
// of two that is at least end - begin, as it is for every node of a tree; 0 is one of all. Reads at most 63
// hashes.
Result<Hash> subtree_hash(std::uint64_t begin, std::uint64_t end, const HashReader& read);

// The root of the tree of that size.
inline Result<Hash> root_at(std::uint64_t size, const HashReader& read) {
  return subtree_hash(0, size, read);
}

}  // namespace curfew::audit
