#include "audit/tile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "audit/leaf.hpp"

namespace curfew::audit {
namespace {

constexpr std::size_t kLengthBytes = 2;
constexpr unsigned kBitsPerByte = 8;
constexpr int kMaxTileLevels = 8;  // of kMaxTreeSize leaves

// How many hashes a level of tiles has in a log of that size.
std::uint64_t hashes_at(int tile_level, std::uint64_t size) {
  return tile_level < kMaxTileLevels ? size >> static_cast<unsigned>(kTileHeight * tile_level) : 0;
}

// Of 2^n hashes.
Hash root_of_perfect(std::vector<Hash> hashes) {
  for (; hashes.size() > 1; hashes.resize(hashes.size() / 2)) {
    for (std::size_t i = 0; i < hashes.size() / 2; ++i)
      hashes[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
  }
  return hashes.front();
}

// The tiles of one level, each at the width that it has in the end.
void add_tiles(Tile tile, std::uint64_t old_count, std::uint64_t new_count, std::vector<Tile>& tiles) {
  for (std::uint64_t begin = old_count - old_count % kTileWidth; old_count < new_count && begin < new_count;
       begin += kTileWidth) {
    tile.index = begin / kTileWidth;
    tile.width = static_cast<int>(std::min(new_count - begin, std::uint64_t{kTileWidth}));
    tiles.push_back(tile);
  }
}

tl::unexpected<Error> wrong_size(const Tile& tile, std::size_t bytes) {
  return fail(ErrorKind::Decode,
              fmt::format("{} bytes are not {}, which has {} hashes", bytes, tile_path(tile), tile.width));
}

}  // namespace

std::vector<Tile> tiles_between(std::uint64_t old_size, std::uint64_t new_size) {
  std::vector<Tile> tiles;
  if (new_size > kMaxTreeSize) return tiles;
  add_tiles({.kind = Tile::Kind::Entries}, old_size, new_size, tiles);
  for (int level = 0; hashes_at(level, new_size) > 0; ++level)
    add_tiles({.level = level}, hashes_at(level, old_size), hashes_at(level, new_size), tiles);
  return tiles;
}

Result<std::string> encode_tile(const Tile& tile, const HashReader& read) {
  std::string bytes;
  for (int i = 0; i < tile.width; ++i) {
    const auto hash = read(kTileHeight * tile.level, tile.index * kTileWidth + static_cast<std::uint64_t>(i));
    if (!hash) return tl::unexpected(hash.error());
    bytes += bytes_of(*hash);
  }
  return bytes;
}

Result<std::vector<Hash>> parse_tile(const Tile& tile, std::string_view bytes) {
  constexpr std::size_t kHashBytes = std::tuple_size_v<Hash>;
  if (bytes.size() != static_cast<std::size_t>(tile.width) * kHashBytes)
    return wrong_size(tile, bytes.size());
  std::vector<Hash> hashes;
  for (; !bytes.empty(); bytes.remove_prefix(kHashBytes))
    hashes.push_back(hash_of_bytes(bytes.substr(0, kHashBytes)).value());
  return hashes;
}

Result<std::string> encode_entries(std::span<const std::string> leaves) {
  if (leaves.empty() || leaves.size() > kTileWidth)
    return fail(ErrorKind::Invalid, fmt::format("an entry bundle cannot have {} leaves", leaves.size()));
  std::string bytes;
  for (const std::string& leaf : leaves) {
    if (leaf.size() > kMaxLeafBytes)
      return fail(ErrorKind::Invalid,
                  fmt::format("a leaf of {} bytes is longer than {}", leaf.size(), kMaxLeafBytes));
    bytes += static_cast<char>(leaf.size() >> kBitsPerByte);
    bytes += static_cast<char>(leaf.size() & 0xffU);
    bytes += leaf;
  }
  return bytes;
}

Result<std::vector<std::string>> parse_entries(const Tile& bundle, std::string_view bytes) {
  std::vector<std::string> leaves;
  const auto width = static_cast<std::size_t>(bundle.width);
  while (leaves.size() < width) {
    if (bytes.size() < kLengthBytes) break;
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0]))
                                   << kBitsPerByte |
                               static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(kLengthBytes);
    if (bytes.size() < length) break;
    leaves.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  if (leaves.size() != width)
    return fail(ErrorKind::Decode,
                fmt::format("{} ends in leaf {} of {}", tile_path(bundle), leaves.size() + 1, width));
  if (!bytes.empty())
    return fail(ErrorKind::Decode,
                fmt::format("{} has {} bytes behind its {} leaves", tile_path(bundle), bytes.size(), width));
  return leaves;
}

Result<Hash> TileHashes::at(int level, std::uint64_t index) {
  if (level < 0 || level >= kMaxTileLevels * kTileHeight || index >= size_ >> static_cast<unsigned>(level))
    return fail(ErrorKind::Invalid,
                fmt::format("a tree with {} leaves has no subtree {} at level {}", size_, index, level));
  const int tile_level = level / kTileHeight;
  const auto height = static_cast<unsigned>(level % kTileHeight);  // within the tile
  const std::uint64_t first = index << height;                     // of the tiles' level
  const auto tile = tile_at(tile_level, first / kTileWidth);
  if (!tile) return tl::unexpected(tile.error());
  const auto begin = (*tile)->begin() + static_cast<std::ptrdiff_t>(first % kTileWidth);
  return root_of_perfect({begin, begin + (std::ptrdiff_t{1} << height)});
}

HashReader TileHashes::reader() {
  return [this](int level, std::uint64_t index) { return at(level, index); };
}

Result<const std::vector<Hash>*> TileHashes::tile_at(int level, std::uint64_t index) {
  if (const auto kept = kept_.find(level); kept != kept_.end() && kept->second.index == index)
    return &kept->second.hashes;
  const std::uint64_t begin = index * kTileWidth;
  const std::uint64_t width = std::min(hashes_at(level, size_) - begin, std::uint64_t{kTileWidth});
  Tile tile{.level = level, .index = index, .width = static_cast<int>(width)};
  const auto bytes = read_(tile);
  if (!bytes) return tl::unexpected(bytes.error());
  constexpr std::size_t kHashBytes = std::tuple_size_v<Hash>;
  const std::size_t hashes = bytes->size() / kHashBytes;
  if (hashes < width || hashes > kTileWidth) return wrong_size(tile, bytes->size());
  tile.width = static_cast<int>(hashes);
  auto parsed = parse_tile(tile, *bytes);
  if (!parsed) return tl::unexpected(parsed.error());
  auto& kept = kept_[level];
  kept = {index, std::move(*parsed)};
  return &kept.hashes;
}

}  // namespace curfew::audit
