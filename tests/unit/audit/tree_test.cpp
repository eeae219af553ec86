#include "audit/tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <vector>

#include "tree_fixture.hpp"

using namespace curfew;
using audit::Frontier;
using audit::Hash;

namespace {

std::string hex(const Hash& hash) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned byte : hash) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace

TEST_CASE("roots are those of the test vectors of Certificate Transparency") {
  const std::vector<std::string> leaves = {
      "",
      std::string("\x00", 1),
      "\x10",
      "\x20\x21",
      "\x30\x31",
      "\x40\x41\x42\x43",
      "\x50\x51\x52\x53\x54\x55\x56\x57",
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const std::vector<std::string> roots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Frontier frontier;
  CHECK(hex(frontier.root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    frontier.append(audit::leaf_hash(leaves[i]));
    CHECK(hex(frontier.root()) == roots[i]);
  }
}

TEST_CASE("frontier and stored hashes give the root that RFC 6962 defines, at every size") {
  Frontier frontier;
  audit::TreeHashes tree;
  for (std::uint64_t size = 0; size <= 300; ++size) {
    CAPTURE(size);
    const Hash root = definition_of_mth(0, size);
    CHECK(frontier.root() == root);
    CHECK(audit::root_at(size, tree.reader()) == root);
    CHECK(frontier.size() == size);
    CHECK(tree.size() == size);
    frontier.append(test_leaf_hash(size));
    tree.append(test_leaf_hash(size));
  }
  CHECK(audit::root_at(137, tree.reader()) == definition_of_mth(0, 137));
}

TEST_CASE("a frontier that was stored goes on where it was") {
  const std::uint64_t size = GENERATE(0U, 1U, 2U, 3U, 7U, 8U, 200U, 255U, 256U, 257U);
  Frontier frontier;
  for (std::uint64_t i = 0; i < size; ++i) frontier.append(test_leaf_hash(i));
  auto restored = Frontier::restore(frontier.size(), frontier.hashes());
  REQUIRE(restored);
  CHECK(*restored == frontier);
  for (std::uint64_t i = size; i < size + 10; ++i) {
    restored->append(test_leaf_hash(i));
    CHECK(restored->root() == definition_of_mth(0, i + 1));
  }
}

TEST_CASE("a frontier has one hash for each 1 in the binary form of its size") {
  const auto [size, count] = GENERATE(table<std::uint64_t, std::size_t>(
      {{0, 0}, {1, 1}, {2, 1}, {6, 2}, {255, 8}, {256, 1}, {audit::kMaxTreeSize, 63}}));
  CHECK(Frontier::restore(size, std::vector<Hash>(count)));
  const auto refused = Frontier::restore(size, std::vector<Hash>(count + 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::Decode);
  CHECK(refused.error().message == "the frontier of a tree with " + std::to_string(size) + " leaves has " +
                                       std::to_string(count) + " hashes, not " + std::to_string(count + 1));
  CHECK_FALSE(Frontier::restore(audit::kMaxTreeSize + 1, std::vector<Hash>(1)));
}

TEST_CASE("what is not complete has no stored hash") {
  const auto tree = test_tree(5);
  CHECK(tree.at(2, 0) == definition_of_mth(0, 4));
  CHECK(tree.at(0, 4) == test_leaf_hash(4));
  const auto [level, index] =
      GENERATE(table<int, std::uint64_t>({{0, 5}, {1, 2}, {2, 1}, {3, 0}, {-1, 0}, {64, 0}}));
  CHECK_FALSE(tree.at(level, index));
  CHECK_FALSE(audit::TreeHashes().at(level, index));
}

TEST_CASE("a root is not computed from hashes that cannot be read") {
  const audit::HashReader broken = [](int, std::uint64_t) {
    return fail(ErrorKind::NotFound, "no such tile");
  };
  CHECK(audit::root_at(7, broken).error().message == "no such tile");
  CHECK(audit::root_at(0, broken) == audit::empty_root());
}

TEST_CASE("hashes are read in the one form in which they are written") {
  const Hash hash = test_leaf_hash(1);
  CHECK(audit::parse_hash(audit::to_base64(hash)) == hash);
  CHECK(audit::hash_of_bytes(audit::bytes_of(hash)) == hash);
  const std::string text = audit::to_base64(hash);
  CHECK_FALSE(audit::parse_hash(""));
  CHECK_FALSE(audit::parse_hash(text + "\n"));
  CHECK_FALSE(audit::parse_hash(text.substr(0, 40)));
  CHECK_FALSE(audit::parse_hash(std::string(44, 'A')));  // 33 bytes
  CHECK_FALSE(audit::hash_of_bytes(std::string(31, 'x')));
}
