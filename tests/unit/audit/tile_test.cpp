#include "audit/tile.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <map>
#include <set>
#include <string>

#include "audit/proof.hpp"
#include "tree_fixture.hpp"

using namespace curfew;
using audit::Hash;
using audit::Tile;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto kEntries = Tile::Kind::Entries;

std::vector<std::string> paths_between(std::uint64_t old_size, std::uint64_t new_size) {
  std::vector<std::string> paths;
  for (const Tile& tile : audit::tiles_between(old_size, new_size)) paths.push_back(audit::tile_path(tile));
  return paths;
}

// An export: the tiles of hashes of a log, by their paths.
struct TileFixture {
  explicit TileFixture(std::uint64_t size) : tree(test_tree(size)) {}

  void publish(std::uint64_t old_size, std::uint64_t new_size) {
    for (const Tile& tile : audit::tiles_between(old_size, new_size)) {
      if (tile.kind == kEntries) continue;
      files[audit::tile_path(tile)] = audit::encode_tile(tile, tree.reader()).value();
    }
  }

  audit::TileReader reader() {
    return [this](const Tile& tile) -> Result<std::string> {
      Tile full = tile;
      full.width = audit::kTileWidth;
      ++reads;
      for (const Tile& candidate : {tile, full})
        if (const auto file = files.find(audit::tile_path(candidate)); file != files.end())
          return file->second;
      return fail(ErrorKind::NotFound, audit::tile_path(tile) + " is not there");
    };
  }

  audit::TreeHashes tree;
  std::map<std::string, std::string> files;
  int reads = 0;
};

}  // namespace

TEST_CASE("a tile has one path, and is found by it") {
  const auto [tile, path] = GENERATE(table<Tile, std::string>({
      {{.level = 0, .index = 0}, "tile/0/000"},
      {{.level = 0, .index = 1'234'067}, "tile/0/x001/x234/067"},
      {{.level = 0, .index = 999}, "tile/0/999"},
      {{.level = 0, .index = 1000}, "tile/0/x001/000"},
      {{.level = 63, .index = 0, .width = 1}, "tile/63/000.p/1"},
      {{.level = 1, .index = 70'000, .width = 255}, "tile/1/x070/000.p/255"},
      {{.kind = kEntries, .index = 0}, "tile/entries/000"},
      {{.kind = kEntries, .index = 273, .width = 112}, "tile/entries/273.p/112"},
      {{.index = audit::kMaxTreeSize >> 8U}, "tile/0/x036/x028/x797/x018/x963/967"},
  }));
  CHECK(audit::tile_path(tile) == path);
  CHECK(audit::parse_tile_path(path) == tile);
}

TEST_CASE("other paths are not those of tiles") {
  const std::string path = GENERATE(
      as<std::string>(), "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/00/000",
      "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/a/000", "tile/99999999999999999999/000",
      "tile/0/x000/000", "tile/0/001/000", "tile/0/x001", "tile/0/x001/x000", "tile/0/000.p/0",
      "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p", "tile/0/000.p/1/2",
      "tile/0/000.p/-1", "tile/0/000/", "tile/0//000", "/tile/0/000", "tile/0/000\n", "tile/0/../000",
      "tile/0/x036/x028/x797/x018/x963/968", "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
      "tile/entries/", "tile/entries/0/000", "tile/data/000", "tile/8/0/000", "checkpoint",
      std::string(100'000, 'x'), "tile/0/" + std::string(100'000, '/'));
  CAPTURE(path.substr(0, 80));
  const auto tile = audit::parse_tile_path(path);
  REQUIRE_FALSE(tile);
  CHECK(tile.error().kind == ErrorKind::Decode);
}

TEST_CASE("a log of 70,000 leaves has the tiles of the specification's example") {
  std::map<std::string, int> full;
  std::set<std::string> partial;
  for (const Tile& tile : audit::tiles_between(0, 70'000)) {
    if (tile.width != audit::kTileWidth)
      partial.insert(audit::tile_path(tile));
    else
      ++full[tile.kind == kEntries ? "entries" : std::to_string(tile.level)];
  }
  CHECK(full == std::map<std::string, int>{{"entries", 273}, {"0", 273}, {"1", 1}});
  CHECK(partial == std::set<std::string>{"tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17",
                                         "tile/2/000.p/1"});
}

TEST_CASE("growth writes the tiles that changed, and no others") {
  CHECK(paths_between(0, 0).empty());
  CHECK(paths_between(5, 5).empty());
  CHECK(paths_between(6, 5).empty());
  CHECK(paths_between(0, audit::kMaxTreeSize + 1).empty());
  CHECK(paths_between(0, 1) == std::vector<std::string>{"tile/entries/000.p/1", "tile/0/000.p/1"});
  CHECK(paths_between(255, 256) ==
        std::vector<std::string>{"tile/entries/000", "tile/0/000", "tile/1/000.p/1"});
  CHECK(paths_between(256, 257) == std::vector<std::string>{"tile/entries/001.p/1", "tile/0/001.p/1"});
  CHECK(paths_between(250, 520) ==
        std::vector<std::string>{"tile/entries/000", "tile/entries/001", "tile/entries/002.p/8", "tile/0/000",
                                 "tile/0/001", "tile/0/002.p/8", "tile/1/000.p/2"});
  CHECK(paths_between(audit::kMaxTreeSize - 1, audit::kMaxTreeSize).size() == 2);
}

TEST_CASE("hashes read from tiles are those of the tree, at every level") {
  const std::uint64_t size = GENERATE(1U, 2U, 255U, 256U, 257U, 1000U, 66'000U);
  TileFixture fixture(size);
  fixture.publish(0, size);
  audit::TileHashes tiles(size, fixture.reader());
  for (int level = 0; size >> static_cast<unsigned>(level) > 0; ++level) {
    const std::uint64_t count = size >> static_cast<unsigned>(level);
    for (const std::uint64_t index : {std::uint64_t{0}, count / 3, count - 1}) {
      CAPTURE(size, level, index);
      CHECK(tiles.at(level, index) == fixture.tree.at(level, index).value());
    }
    CHECK_FALSE(tiles.at(level, count));
  }
  CHECK_FALSE(tiles.at(-1, 0));
  CHECK_FALSE(tiles.at(64, 0));
  CHECK(audit::root_at(size, tiles.reader()) == audit::root_at(size, fixture.tree.reader()).value());
}

TEST_CASE("proofs from tiles are those from the tree, and read each tile once") {
  TileFixture fixture(66'000);
  fixture.publish(0, 66'000);
  audit::TileHashes tiles(66'000, fixture.reader());
  CHECK(audit::inclusion_proof(65'000, 66'000, tiles.reader()) ==
        audit::inclusion_proof(65'000, 66'000, fixture.tree.reader()).value());
  CHECK(fixture.reads <= 6);
  CHECK(audit::consistency_proof(777, 66'000, tiles.reader()) ==
        audit::consistency_proof(777, 66'000, fixture.tree.reader()).value());
}

TEST_CASE("a full tile serves whoever needs a part of it") {
  TileFixture fixture(512);
  fixture.publish(0, 300);
  fixture.publish(300, 512);
  CHECK(fixture.files.erase("tile/0/001.p/44") == 1);
  audit::TileHashes tiles(300, fixture.reader());
  CHECK(audit::root_at(300, tiles.reader()) == definition_of_mth(0, 300));
}

TEST_CASE("a tile that is missing or has a wrong size is an error, and not read as something else") {
  TileFixture fixture(300);
  audit::TileHashes tiles(300, fixture.reader());
  CHECK(tiles.at(0, 299).error().message == "tile/0/001.p/44 is not there");
  const std::size_t hashes = GENERATE(0U, 43U, 257U);
  const std::size_t more = GENERATE(0U, 1U, 31U);
  fixture.files["tile/0/001.p/44"] = std::string(hashes * 32 + more, 'x');
  CHECK(tiles.at(0, 299).error().kind == ErrorKind::Decode);
  fixture.files["tile/0/001.p/44"] = std::string(44 * 32 + 1, 'x');
  CHECK(tiles.at(0, 299).error().message == "1409 bytes are not tile/0/001.p/44, which has 44 hashes");
}

TEST_CASE("the hashes of a tile are its bytes") {
  const auto tree = test_tree(300);
  const Tile tile{.index = 1, .width = 44};
  const auto bytes = audit::encode_tile(tile, tree.reader());
  REQUIRE(bytes);
  const auto hashes = audit::parse_tile(tile, *bytes);
  REQUIRE(hashes);
  CHECK(hashes->size() == 44);
  CHECK(hashes->front() == test_leaf_hash(256));
  CHECK(hashes->back() == test_leaf_hash(299));
  CHECK_FALSE(audit::parse_tile(tile, bytes->substr(1)));
  CHECK_FALSE(audit::parse_tile(Tile{.index = 1}, *bytes));
  CHECK_FALSE(audit::encode_tile({.index = 1}, tree.reader()));
}

TEST_CASE("entries are behind their lengths") {
  const std::vector<std::string> leaves = {"a", "", std::string(300, 'b')};
  const auto bytes = audit::encode_entries(leaves);
  REQUIRE(bytes);
  CHECK(bytes->substr(0, 7) == std::string("\0\1a\0\0\1\x2c", 7));
  CHECK(audit::parse_entries({.kind = kEntries, .width = 3}, *bytes) == leaves);
}

TEST_CASE("a bundle holds up to 256 leaves of up to 65,535 bytes") {
  const std::vector<std::string> leaves(256, std::string(65'535, 'x'));
  CHECK(audit::parse_entries({.kind = kEntries}, audit::encode_entries(leaves).value()) == leaves);
  CHECK_FALSE(audit::encode_entries(std::vector<std::string>(257)));
  CHECK_FALSE(audit::encode_entries({}));
  CHECK_FALSE(audit::encode_entries(std::vector<std::string>{std::string(65'536, 'x')}));
}

TEST_CASE("a bundle with another number of leaves than its width is refused") {
  const Tile bundle{.kind = kEntries, .index = 7, .width = 2};
  const auto [bytes, why] = GENERATE(table<std::string, std::string>({
      {"", "tile/entries/007.p/2 ends in leaf 1 of 2"},
      {std::string("\0", 1), "ends in leaf 1 of 2"},
      {std::string("\0\1", 2), "ends in leaf 1 of 2"},
      {std::string("\0\1a", 3), "ends in leaf 2 of 2"},
      {std::string("\0\1a\xff\xff", 5), "ends in leaf 2 of 2"},
      {std::string("\0\1a\0\0\0", 6), "has 1 bytes behind its 2 leaves"},
      {std::string("\0\1a\0\1b\0\1c", 9), "has 3 bytes behind its 2 leaves"},
  }));
  const auto leaves = audit::parse_entries(bundle, bytes);
  REQUIRE_FALSE(leaves);
  CHECK(leaves.error().kind == ErrorKind::Decode);
  CHECK_THAT(leaves.error().message, ContainsSubstring(why));
}
