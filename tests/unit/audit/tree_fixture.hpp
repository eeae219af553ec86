#pragma once

#include <string>
#include <vector>

#include "audit/tree.hpp"

namespace curfew {

inline audit::Hash test_leaf_hash(std::uint64_t index) {
  return audit::leaf_hash("leaf " + std::to_string(index));
}

// The tree over the leaf hashes of 0 to size - 1.
inline audit::TreeHashes test_tree(std::uint64_t size) {
  audit::TreeHashes tree;
  for (std::uint64_t i = 0; i < size; ++i) tree.append(test_leaf_hash(i));
  return tree;
}

// MTH(D[begin:end]) of RFC 6962, section 2.1, in the words of the RFC.
inline audit::Hash definition_of_mth(std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return audit::empty_root();
  if (end - begin == 1) return test_leaf_hash(begin);
  std::uint64_t k = 1;
  while (2 * k < end - begin) k *= 2;
  return audit::node_hash(definition_of_mth(begin, begin + k), definition_of_mth(begin + k, end));
}

}  // namespace curfew
