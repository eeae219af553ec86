#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/checkpoint.hpp"
#include "audit/proof.hpp"
#include "util/result.hpp"

// C2SP tlog-proof v1: everything that proves, offline and in one text, that a leaf is in a log. Files of it
// end in ".tlog-proof".
namespace curfew::audit {

inline constexpr std::size_t kMaxTlogProofBytes = 2'000'000;

struct TlogProof {
  // Whatever helps to find the leaf, such as its bytes; not authenticated by anything.
  std::optional<std::string> extra;
  std::uint64_t index = 0;
  Proof inclusion;         // of the leaf `index` in the tree of the checkpoint
  std::string checkpoint;  // the signed note, unchanged

  bool operator==(const TlogProof&) const = default;
};

// Invalid for a checkpoint that is no note with a checkpoint, and for more than the limit allows.
Result<std::string> encode_tlog_proof(const TlogProof& proof);
// Reads untrusted bytes: Decode for anything that encode_tlog_proof() does not write. Nothing is verified.
Result<TlogProof> parse_tlog_proof(std::string_view bytes);

// The checkpoint, if a trusted key of the log signed it and the proof leads from the leaf to its root.
// Compute `leaf_hash` from what is to be proven. Errors like open_checkpoint() and verify_inclusion().
Result<SignedCheckpoint> verify_tlog_proof(const TlogProof& proof, const Hash& leaf_hash,
                                           const TrustedKeys& trusted);

}  // namespace curfew::audit
