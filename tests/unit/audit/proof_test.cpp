#include "audit/proof.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "tree_fixture.hpp"

using namespace curfew;
using audit::Hash;
using audit::Proof;
using audit::TreeHead;

namespace {

// A tree in which leaf i has the hash test_leaf_hash(i), so that its heads can be asked for.
struct ProofFixture {
  static constexpr std::uint64_t kSize = 70;
  audit::TreeHashes tree = test_tree(kSize);

  TreeHead head(std::uint64_t size) const { return {size, audit::root_at(size, tree.reader()).value()}; }
  Proof inclusion(std::uint64_t index, std::uint64_t size) const {
    return audit::inclusion_proof(index, size, tree.reader()).value();
  }
  Proof consistency(std::uint64_t old_size, std::uint64_t new_size) const {
    return audit::consistency_proof(old_size, new_size, tree.reader()).value();
  }
};

// Every proof that differs in one hash, lacks one or has one too many.
std::vector<Proof> forgeries(const Proof& proof) {
  std::vector<Proof> all;
  for (std::size_t i = 0; i < proof.size(); ++i) {
    all.push_back(proof);
    all.back()[i][17] ^= 1;
    all.push_back(proof);
    all.back().erase(all.back().begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t i = 0; i <= proof.size(); ++i) {
    all.push_back(proof);
    all.back().insert(all.back().begin() + static_cast<std::ptrdiff_t>(i), test_leaf_hash(i));
  }
  return all;
}

}  // namespace

TEST_CASE_METHOD(ProofFixture, "the example of RFC 6962, 2.1.3, has the proofs of the RFC") {
  const auto node = [](std::uint64_t begin, std::uint64_t end) { return definition_of_mth(begin, end); };
  CHECK(inclusion(0, 7) == Proof{node(1, 2), node(2, 4), node(4, 7)});
  CHECK(inclusion(3, 7) == Proof{node(2, 3), node(0, 2), node(4, 7)});
  CHECK(inclusion(4, 7) == Proof{node(5, 6), node(6, 7), node(0, 4)});
  CHECK(inclusion(6, 7) == Proof{node(4, 6), node(0, 4)});
  CHECK(consistency(3, 7) == Proof{node(2, 3), node(3, 4), node(0, 2), node(4, 7)});
  CHECK(consistency(4, 7) == Proof{node(4, 7)});
  CHECK(consistency(6, 7) == Proof{node(4, 6), node(6, 7), node(0, 4)});
}

TEST_CASE_METHOD(ProofFixture, "every leaf of every tree has a proof, and no other leaf has it") {
  for (std::uint64_t size = 1; size <= kSize; ++size) {
    const TreeHead tree_head = head(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      CAPTURE(size, index);
      const Proof proof = inclusion(index, size);
      CHECK(audit::verify_inclusion(test_leaf_hash(index), index, tree_head, proof));
      CHECK_FALSE(audit::verify_inclusion(test_leaf_hash(index + 1), index, tree_head, proof));
      if (size > 1)
        CHECK_FALSE(audit::verify_inclusion(test_leaf_hash(index), (index + 1) % size, tree_head, proof));
      CHECK_FALSE(
          audit::verify_inclusion(test_leaf_hash(index), index, {size, test_leaf_hash(0x1000)}, proof));
    }
  }
}

TEST_CASE_METHOD(ProofFixture, "every tree continues every smaller one, and no other") {
  for (std::uint64_t size = 0; size <= kSize; ++size) {
    const TreeHead newer = head(size);
    for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
      CAPTURE(size, old_size);
      const Proof proof = consistency(old_size, size);
      const TreeHead older = head(old_size);
      const Hash other = test_leaf_hash(0x1000);
      CHECK(audit::verify_consistency(older, newer, proof));
      CHECK_FALSE(audit::verify_consistency({old_size, other}, newer, proof));
      if (old_size != 0) CHECK_FALSE(audit::verify_consistency(older, {size, other}, proof));
      if (old_size != size) CHECK_FALSE(audit::verify_consistency(newer, older, proof));
    }
  }
}

TEST_CASE_METHOD(ProofFixture, "a proof with one hash changed, one too few or one too many is refused") {
  const auto [index, size] = GENERATE(table<std::uint64_t, std::uint64_t>(
      {{0, 1}, {0, 2}, {5, 8}, {6, 7}, {30, 33}, {32, 33}, {64, 65}, {69, 70}}));
  CAPTURE(index, size);
  for (const Proof& forged : forgeries(inclusion(index, size)))
    CHECK_FALSE(audit::verify_inclusion(test_leaf_hash(index), index, head(size), forged));
  for (const Proof& forged : forgeries(consistency(index, size))) {
    if (index != 0) CHECK_FALSE(audit::verify_consistency(head(index), head(size), forged));
  }
}

TEST_CASE_METHOD(ProofFixture, "the empty tree and a tree of the same size need no proof, and get none") {
  CHECK(audit::verify_consistency(TreeHead(), head(5), {}));
  CHECK_FALSE(audit::verify_consistency(TreeHead(), head(5), Proof{test_leaf_hash(0)}));
  CHECK_FALSE(audit::verify_consistency({0, test_leaf_hash(0)}, head(5), {}));
  CHECK(audit::verify_consistency(head(5), head(5), {}));
  CHECK_FALSE(audit::verify_consistency(head(5), head(5), Proof{test_leaf_hash(0)}));
}

TEST_CASE_METHOD(ProofFixture, "a node is no leaf") {
  // The root of the leaves 0 and 1, as if it were the leaf of a tree of half the size.
  const Hash node = definition_of_mth(0, 2);
  CHECK_FALSE(audit::verify_inclusion(node, 0, head(4), Proof{definition_of_mth(2, 4)}));
}

TEST_CASE_METHOD(ProofFixture, "a size or an index that the hashes do not show is refused") {
  CHECK_FALSE(audit::verify_inclusion(test_leaf_hash(0), 1, head(1), {}));
  CHECK_FALSE(audit::verify_inclusion(test_leaf_hash(0), 0, {2, test_leaf_hash(0)}, {}));
  CHECK_FALSE(audit::verify_consistency(head(4), {8, head(4).root}, {}));
  CHECK_FALSE(audit::verify_consistency({8, head(4).root}, head(4), {}));
}

TEST_CASE_METHOD(ProofFixture, "there is no proof about leaves that a tree does not have") {
  CHECK(audit::inclusion_proof(7, 7, tree.reader()).error().message == "a tree with 7 leaves has no leaf 7");
  CHECK(audit::consistency_proof(8, 7, tree.reader()).error().message ==
        "a tree with 7 leaves does not begin with one of 8");
  CHECK_FALSE(audit::inclusion_proof(0, audit::kMaxTreeSize + 1, tree.reader()));
  CHECK_FALSE(audit::inclusion_proof(0, kSize + 1, tree.reader()));
  CHECK_FALSE(audit::consistency_proof(1, kSize + 1, tree.reader()));
}

TEST_CASE("a proof is no longer than a tree can be high, and verified without more work") {
  const audit::HashReader zeros = [](int, std::uint64_t) { return Result<Hash>(Hash{}); };
  for (const std::uint64_t index : {std::uint64_t{0}, audit::kMaxTreeSize / 3, audit::kMaxTreeSize - 1}) {
    CHECK(audit::inclusion_proof(index, audit::kMaxTreeSize, zeros)->size() <= 63);
    CHECK(audit::consistency_proof(index, audit::kMaxTreeSize, zeros)->size() <= 64);
  }
  const Proof endless(1'000'000);
  CHECK_FALSE(audit::verify_inclusion(Hash{}, 1, {audit::kMaxTreeSize, Hash{}}, endless));
  CHECK_FALSE(audit::verify_inclusion(Hash{}, 0, {1, Hash{}}, endless));
  CHECK_FALSE(audit::verify_consistency({3, Hash{}}, {audit::kMaxTreeSize, Hash{}}, endless));
  CHECK_FALSE(audit::verify_inclusion(Hash{}, 0, {audit::kMaxTreeSize + 1, Hash{}}, {}));
  CHECK_FALSE(audit::verify_inclusion(Hash{}, 0, {0, audit::empty_root()}, {}));
}

TEST_CASE_METHOD(ProofFixture, "a refusal says what does not fit") {
  CHECK(audit::verify_inclusion(test_leaf_hash(2), 3, head(9), inclusion(2, 9)).error().message ==
        "the inclusion proof does not lead from leaf 3 to the root of a tree with 9 leaves");
  CHECK(
      audit::verify_consistency(head(4), head(9), {}).error().message ==
      "the tree with 9 leaves does not continue the one with 4: it is another history, or the consistency proof "
      "is wrong");
}
