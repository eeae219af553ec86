#include "audit/tlog_proof.hpp"

#include <fmt/format.h>

#include <utility>

#include "audit/lines.hpp"
#include "util/base64.hpp"

namespace curfew::audit {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kMaxProofHashes = 64;

tl::unexpected<Error> no_tlog_proof(const std::string& why) {
  return fail(ErrorKind::Decode, "this is not a proof of inclusion: " + why);
}

}  // namespace

Result<std::string> encode_tlog_proof(const TlogProof& proof) {
  std::string bytes = fmt::format("{}\n", kHeader);
  if (proof.extra) bytes += fmt::format("{}{}\n", kExtra, encode_base64(*proof.extra));
  bytes += fmt::format("{}{}\n", kIndex, proof.index);
  for (const Hash& hash : proof.inclusion) bytes += to_base64(hash) + "\n";
  bytes += "\n" + proof.checkpoint;
  const auto read = parse_tlog_proof(bytes);
  if (!read) return fail(ErrorKind::Invalid, read.error().message);
  return bytes;
}

Result<TlogProof> parse_tlog_proof(std::string_view bytes) {
  if (bytes.size() > kMaxTlogProofBytes)
    return no_tlog_proof(fmt::format("it is longer than {} bytes", kMaxTlogProofBytes));
  if (take_line(bytes) != kHeader) return no_tlog_proof(fmt::format("its first line is not {}", kHeader));
  TlogProof proof;
  auto line = take_line(bytes);
  if (line && line->starts_with(kExtra)) {
    proof.extra = decode_base64(line->substr(kExtra.size()));
    if (!proof.extra) return no_tlog_proof("its extra data is not base64");
    line = take_line(bytes);
  }
  const auto index =
      line && line->starts_with(kIndex) ? parse_decimal(line->substr(kIndex.size())) : std::nullopt;
  if (!index || *index >= kMaxTreeSize) return no_tlog_proof("it has no index of a leaf");
  proof.index = *index;
  for (line = take_line(bytes); line && !line->empty(); line = take_line(bytes)) {
    const auto hash = parse_hash(*line);
    if (!hash || proof.inclusion.size() == kMaxProofHashes)
      return no_tlog_proof(fmt::format("its line {} after the index is no hash", proof.inclusion.size() + 1));
    proof.inclusion.push_back(*hash);
  }
  if (!line) return no_tlog_proof("it has no empty line before its checkpoint");
  proof.checkpoint = std::string(bytes);
  const auto note = parse_note(bytes);
  if (!note) return tl::unexpected(note.error());
  const auto checkpoint = parse_checkpoint(note->text);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  return proof;
}

Result<SignedCheckpoint> verify_tlog_proof(const TlogProof& proof, const Hash& leaf_hash,
                                           const TrustedKeys& trusted) {
  auto opened = open_checkpoint(proof.checkpoint, trusted);
  if (!opened) return opened;
  const auto included = verify_inclusion(leaf_hash, proof.index, opened->checkpoint.tree, proof.inclusion);
  if (!included) return tl::unexpected(included.error());
  return opened;
}

}  // namespace curfew::audit
