#include "audit/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace curfew::audit {
namespace {

// Where RFC 6962 splits a tree of more than one leaf: the largest power of two below its size.
std::uint64_t split(std::uint64_t size) {
  return std::bit_floor(size - 1);
}

// Reads the hashes of ranges of leaves until one fails.
class ProofBuilder {
 public:
  explicit ProofBuilder(const HashReader& read) : read_(read) {}

  void add(std::uint64_t begin, std::uint64_t end) {
    if (!proof_) return;
    const auto hash = subtree_hash(begin, end, read_);
    if (hash)
      proof_->push_back(*hash);
    else
      proof_ = tl::unexpected(hash.error());
  }

  // What was added from the root down, in a proof's order.
  Result<Proof> reversed() {
    if (proof_) std::ranges::reverse(*proof_);
    return std::move(proof_);
  }

 private:
  const HashReader& read_;
  Result<Proof> proof_ = Proof();
};

// The way from a node up to the root, level by level; `last` is the last node of the level.
struct Ascent {
  std::uint64_t node = 0;
  std::uint64_t last = 0;

  bool is_at_root() const { return last == 0; }

  // Goes up to the parent that the node has with its next sibling. Returns whether the sibling is on the
  // left.
  bool join_sibling() {
    const bool is_left = (node & 1U) != 0 || node == last;
    if (is_left) skip_levels_without_sibling();
    rise();
    return is_left;
  }
  void rise() {
    node >>= 1U;
    last >>= 1U;
  }

 private:
  // A last node without a sibling is the same node one level up.
  void skip_levels_without_sibling() {
    while (node != 0 && (node & 1U) == 0) rise();
  }
};

}  // namespace

Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const HashReader& read) {
  if (index >= size || size > kMaxTreeSize)
    return fail(ErrorKind::Invalid, fmt::format("a tree with {} leaves has no leaf {}", size, index));
  ProofBuilder builder(read);
  std::uint64_t begin = 0;
  for (std::uint64_t end = size; end - begin > 1;) {
    const std::uint64_t middle = begin + split(end - begin);
    if (index < middle) {
      builder.add(middle, end);
      end = middle;
    } else {
      builder.add(begin, middle);
      begin = middle;
    }
  }
  return builder.reversed();
}

Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, const HashReader& read) {
  if (old_size > new_size || new_size > kMaxTreeSize)
    return fail(ErrorKind::Invalid,
                fmt::format("a tree with {} leaves does not begin with one of {}", new_size, old_size));
  ProofBuilder builder(read);
  if (old_size == 0 || old_size == new_size) return builder.reversed();
  std::uint64_t begin = 0;
  std::uint64_t end = new_size;
  while (end != old_size) {
    const std::uint64_t middle = begin + split(end - begin);
    if (old_size <= middle) {
      builder.add(middle, end);
      end = middle;
    } else {
      builder.add(begin, middle);
      begin = middle;
    }
  }
  // Of a subtree that begins with the tree the verifier knows the hash.
  if (begin != 0) builder.add(begin, end);
  return builder.reversed();
}

Result<void> verify_inclusion(const Hash& leaf_hash, std::uint64_t index, const TreeHead& tree,
                              std::span<const Hash> proof) {
  const auto refused = [&] {
    return fail(
        ErrorKind::Invalid,
        fmt::format("the inclusion proof does not lead from leaf {} to the root of a tree with {} leaves",
                    index, tree.size));
  };
  if (index >= tree.size || tree.size > kMaxTreeSize) return refused();
  Ascent ascent{.node = index, .last = tree.size - 1};
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (ascent.is_at_root()) return refused();
    hash = ascent.join_sibling() ? node_hash(sibling, hash) : node_hash(hash, sibling);
  }
  if (!ascent.is_at_root() || hash != tree.root) return refused();
  return {};
}

Result<void> verify_consistency(const TreeHead& older, const TreeHead& newer, std::span<const Hash> proof) {
  const auto refused = [&] {
    return fail(ErrorKind::Invalid,
                fmt::format("the tree with {} leaves does not continue the one with {}: it is "
                            "another history, or the consistency proof is wrong",
                            newer.size, older.size));
  };
  if (older.size > newer.size || newer.size > kMaxTreeSize) return refused();
  if (older.size == 0 || older.size == newer.size) {
    const Hash expected = older.size == 0 ? empty_root() : newer.root;
    if (!proof.empty() || older.root != expected) return refused();
    return {};
  }
  Ascent ascent{.node = older.size - 1, .last = newer.size - 1};
  while ((ascent.node & 1U) != 0) ascent.rise();
  // The subtree where both begin is the older tree itself if its size is a power of two.
  Hash old_hash = older.root;
  if (!std::has_single_bit(older.size)) {
    if (proof.empty()) return refused();
    old_hash = proof.front();
    proof = proof.subspan(1);
  }
  Hash new_hash = old_hash;
  for (const Hash& sibling : proof) {
    if (ascent.is_at_root()) return refused();
    if (ascent.join_sibling()) {
      old_hash = node_hash(sibling, old_hash);
      new_hash = node_hash(sibling, new_hash);
    } else {
      new_hash = node_hash(new_hash, sibling);
    }
  }
  if (!ascent.is_at_root() || old_hash != older.root || new_hash != newer.root) return refused();
  return {};
}

}  // namespace curfew::audit
