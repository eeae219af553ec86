#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/key.hpp"
#include "audit/note.hpp"
#include "audit/proof.hpp"
#include "util/result.hpp"

// C2SP tlog-checkpoint v1.0.0: the head of a log, signed. A log must never sign two heads of which one does
// not continue the other.
namespace curfew::audit {

struct Checkpoint {
  std::string origin;  // which log: "curfew.dev/log/CLUSTER_UID/GENERATION", also the name of its key
  TreeHead tree;

  bool operator==(const Checkpoint&) const = default;
};

// The text of the note: origin, size and root, a line each. Invalid for an origin that is_key_name() refuses,
// and for a size beyond kMaxTreeSize.
Result<std::string> encode_checkpoint(const Checkpoint& checkpoint);
// Reads untrusted text: Decode for anything else. Extension lines, which this log never has and the
// specification advises against, are refused; so are foreign origins that could not be the name of a key.
Result<Checkpoint> parse_checkpoint(std::string_view text);

// The signed note by each of the keys: two during a rotation. Invalid like encode_checkpoint(), for no key,
// and for a key whose name is not the origin.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, std::span<const SigningKey> keys);

// The same note with one signature more, such as a cosignature. Decode or Invalid if that gives no note.
Result<std::string> add_signature(std::string_view note, const Signature& signature);

// The keys that a verifier trusts. They come from outside of the log, never from the log itself.
struct TrustedKeys {
  std::vector<VerifierKey> logs;       // SignatureType::Note; the name is the origin
  std::vector<VerifierKey> witnesses;  // SignatureType::Cosignature
};

struct SignedCheckpoint {
  Checkpoint checkpoint;
  std::vector<Signed> logs;       // by trusted keys of the log: at least one
  std::vector<Signed> witnesses;  // by trusted witnesses; the caller decides how many are enough

  bool operator==(const SignedCheckpoint&) const = default;
};

// Reads and verifies an untrusted note. Decode if it is no note with a checkpoint; Invalid if no trusted key
// of the log that it names signed it, or if any signature by a trusted key is wrong.
Result<SignedCheckpoint> open_checkpoint(std::string_view note, const TrustedKeys& trusted);

}  // namespace curfew::audit
