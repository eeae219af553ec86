#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/hash.hpp"
#include "audit/tree.hpp"
#include "util/result.hpp"

// C2SP tlog-tiles: a log as files that never change but for the checkpoint. A tile is 256 adjacent hashes of
// a level, each level 256 times smaller than the one below; an entry bundle has the leaves of a tile of level
// 0. The last tile of a level can be partial.
namespace curfew::audit {

inline constexpr int kTileWidth = 256;
inline constexpr int kTileHeight = 8;  // 2^8 = 256: levels of the tree in one level of tiles

struct Tile {
  enum class Kind { Hashes, Entries };

  Kind kind = Kind::Hashes;
  int level = 0;            // 0 to 63; 0 for entries
  std::uint64_t index = 0;  // within the level
  int width = kTileWidth;   // hashes or entries in it: 1 to kTileWidth

  bool operator==(const Tile&) const = default;
};

// "tile/0/x001/x234/067", "tile/1/000.p/17", "tile/entries/000": the path below the log's prefix.
std::string tile_path(const Tile& tile);
// The inverse of tile_path(), of untrusted text: Decode for anything that it does not write, and for an index
// beyond kMaxTreeSize leaves.
Result<Tile> parse_tile_path(std::string_view path);

// The tiles and entry bundles that a log of `new_size` has and one of `old_size` does not have, in the order
// in which they have to be written: entries, then hashes from the lowest level up. Empty unless
// old_size < new_size. About (new_size - old_size) / 127 of them: choose the steps accordingly.
std::vector<Tile> tiles_between(std::uint64_t old_size, std::uint64_t new_size);

// The hashes of a tile, 32 bytes each. The reader's error if it has one.
Result<std::string> encode_tile(const Tile& tile, const HashReader& read);
// Decode unless there are exactly as many hashes as the tile is wide. They are not checked: what is computed
// from them has to be compared with a signed root.
Result<std::vector<Hash>> parse_tile(const Tile& tile, std::string_view bytes);

// The leaves of a bundle, each behind its length as a big-endian uint16. Invalid for more than kTileWidth
// leaves, for none, and for a leaf of more than 65,535 bytes.
Result<std::string> encode_entries(std::span<const std::string> leaves);
// Decode unless there are exactly as many leaves as the bundle is wide, and nothing behind them. They are not
// checked either.
Result<std::vector<std::string>> parse_entries(const Tile& bundle, std::string_view bytes);

// Returns the bytes of a tile of hashes. May return those of a wider tile at the same place: a log may delete
// a partial tile once it has the full one.
using TileReader = std::function<Result<std::string>(const Tile& tile)>;

// The hashes of a log of that size, from its tiles. Keeps the tile that was read last of each level. Nothing
// is checked but the sizes of the tiles: a proof, or a root, that is computed from these hashes proves what
// it says if it is verified against a signed root.
class TileHashes {
 public:
  TileHashes(std::uint64_t size, TileReader read) : size_(size), read_(std::move(read)) {}

  // Invalid for a subtree that is not complete; the tile reader's error; Decode for a tile of a wrong size.
  Result<Hash> at(int level, std::uint64_t index);
  // Valid as long as this object; not to be used by two threads at once.
  HashReader reader();

 private:
  struct Kept {
    std::uint64_t index = 0;
    std::vector<Hash> hashes;
  };
  // The tile at the level's `index`, at the width that it has at this size.
  Result<const std::vector<Hash>*> tile_at(int level, std::uint64_t index);

  std::uint64_t size_;
  TileReader read_;
  std::map<int, Kept> kept_;  // by level
};

}  // namespace curfew::audit
