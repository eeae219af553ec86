#include "audit/tree.hpp"

#include <fmt/format.h>

#include <bit>
#include <ranges>
#include <utility>

namespace curfew::audit {
namespace {

// The root over adjacent perfect subtrees of falling size.
Hash root_over(const std::vector<Hash>& subtrees) {
  if (subtrees.empty()) return empty_root();
  Hash root = subtrees.back();
  for (const Hash& left : subtrees | std::views::reverse | std::views::drop(1)) root = node_hash(left, root);
  return root;
}

}  // namespace

Result<Frontier> Frontier::restore(std::uint64_t size, std::vector<Hash> hashes) {
  if (size > kMaxTreeSize) return fail(ErrorKind::Decode, fmt::format("a tree cannot have {} leaves", size));
  const auto count = static_cast<std::size_t>(std::popcount(size));
  if (hashes.size() != count)
    return fail(ErrorKind::Decode, fmt::format("the frontier of a tree with {} leaves has {} hashes, not {}",
                                               size, count, hashes.size()));
  Frontier frontier;
  frontier.size_ = size;
  frontier.hashes_ = std::move(hashes);
  return frontier;
}

void Frontier::append(const Hash& leaf_hash) {
  // As adding 1 to a binary number carries: two subtrees of one size become one of twice the size.
  Hash hash = leaf_hash;
  for (std::uint64_t rest = size_; (rest & 1U) != 0; rest >>= 1U) {
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
  }
  hashes_.push_back(hash);
  ++size_;
}

Hash Frontier::root() const {
  return root_over(hashes_);
}

void TreeHashes::append(const Hash& leaf_hash) {
  Hash hash = leaf_hash;
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    auto& hashes = levels_[level];
    hashes.push_back(hash);
    if (hashes.size() % 2 != 0) return;
    hash = node_hash(hashes[hashes.size() - 2], hash);
  }
}

Result<Hash> TreeHashes::at(int level, std::uint64_t index) const {
  const auto row = static_cast<std::size_t>(level);
  if (level < 0 || row >= levels_.size() || index >= levels_[row].size())
    return fail(ErrorKind::Invalid,
                fmt::format("a tree with {} leaves has no subtree {} at level {}", size(), index, level));
  return levels_[row][index];
}

HashReader TreeHashes::reader() const {
  return [this](int level, std::uint64_t index) { return at(level, index); };
}

Result<Hash> subtree_hash(std::uint64_t begin, std::uint64_t end, const HashReader& read) {
  std::vector<Hash> subtrees;
  while (begin < end) {
    const auto level = static_cast<int>(std::bit_width(end - begin)) - 1;
    const auto hash = read(level, begin >> static_cast<unsigned>(level));
    if (!hash) return tl::unexpected(hash.error());
    subtrees.push_back(*hash);
    begin += std::uint64_t{1} << static_cast<unsigned>(level);
  }
  return root_over(subtrees);
}

}  // namespace curfew::audit
