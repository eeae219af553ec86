#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "audit/tile.hpp"

namespace curfew::audit {
namespace {

constexpr std::string_view kPrefix = "tile/";
constexpr std::string_view kEntriesLevel = "entries";
constexpr std::uint64_t kPathBase = 1000;  // three digits a path element
constexpr int kMaxLevel = 63;
constexpr std::uint64_t kMaxIndex = kMaxTreeSize >> static_cast<unsigned>(kTileHeight);
constexpr std::size_t kMaxPathBytes = 64;

// Removes and returns what is before the separator, all if there is none.
std::string_view cut(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + separator.size());
  return before;
}

// A number without sign or any other character; 0 if there is none: tile_path() then writes another path.
std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() ? value : 0;
}

}  // namespace

std::string tile_path(const Tile& tile) {
  std::string elements = fmt::format("{:03}", tile.index % kPathBase);
  for (std::uint64_t rest = tile.index / kPathBase; rest > 0; rest /= kPathBase)
    elements = fmt::format("x{:03}/{}", rest % kPathBase, elements);
  const std::string level =
      tile.kind == Tile::Kind::Entries ? std::string(kEntriesLevel) : std::to_string(tile.level);
  const std::string partial = tile.width == kTileWidth ? "" : fmt::format(".p/{}", tile.width);
  return fmt::format("{}{}/{}{}", kPrefix, level, elements, partial);
}

Result<Tile> parse_tile_path(std::string_view path) {
  // Reads leniently, and then compares with the one path that the tile has.
  const auto refused = [] {
    return fail(ErrorKind::Decode, "this is not the path of a tile or entry bundle");
  };
  if (path.size() > kMaxPathBytes || !path.starts_with(kPrefix)) return refused();
  std::string_view rest = path.substr(kPrefix.size());
  Tile tile;
  const std::string_view level = cut(rest, "/");
  if (level == kEntriesLevel)
    tile.kind = Tile::Kind::Entries;
  else
    tile.level = static_cast<int>(std::min(number(level), std::uint64_t{kMaxLevel + 1}));
  std::string_view index = cut(rest, ".p/");
  if (!rest.empty()) tile.width = static_cast<int>(std::min(number(rest), std::uint64_t{kTileWidth}));
  while (!index.empty()) {
    std::string_view element = cut(index, "/");
    if (element.starts_with('x')) element.remove_prefix(1);
    if (tile.index > kMaxIndex / kPathBase) return refused();
    tile.index = tile.index * kPathBase + std::min(number(element), kPathBase - 1);
  }
  if (tile.level > kMaxLevel || tile.index > kMaxIndex || tile.width < 1 || tile_path(tile) != path)
    return refused();
  return tile;
}

}  // namespace curfew::audit
