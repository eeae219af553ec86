#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/key.hpp"
#include "util/result.hpp"

// C2SP signed-note v1.0.0: text, an empty line, and one line for each signature.
namespace curfew::audit {

// As Go's note package has them; the specification demands at least 16 signatures.
inline constexpr std::size_t kMaxNoteBytes = 1'000'000;
inline constexpr std::size_t kMaxNoteSignatures = 100;

struct Signature {
  std::string name;  // of the key
  std::uint32_t key_id = 0;
  std::string bytes;  // without the key ID

  bool operator==(const Signature&) const = default;
};

struct Note {
  std::string text;  // ends with a newline
  std::vector<Signature> signatures;

  bool operator==(const Note&) const = default;
};

// Invalid for a text that a note cannot have (not UTF-8, with control characters, without a newline at its
// end), for a name that is_key_name() refuses, for a signature without bytes, for no signature, and for more
// than the limits allow.
Result<std::string> encode_note(const Note& note);
// Reads untrusted bytes: Decode for anything that encode_note() does not write. Nothing is verified.
Result<Note> parse_note(std::string_view bytes);

// "origin\n20852163\n...": SignatureType::Note.
Signature sign_text(const SigningKey& key, std::string_view text);
// A signature by a key that is elsewhere, such as in an ssh-agent: `signature` is the Ed25519 signature (64
// bytes) of the text. Invalid if it is not.
Result<Signature> signature_by(const VerifierKey& key, std::string_view text, std::string_view signature);

// C2SP tlog-cosignature: SignatureType::Cosignature. The text must be that of a checkpoint, which the
// cosigner has found consistent with all it saw before. `time` must not be before 1970.
Signature cosign_text(const SigningKey& key, std::string_view text, std::chrono::sys_seconds time);

// A signature that was verified.
struct Signed {
  VerifierKey by;
  std::optional<std::chrono::sys_seconds> time;  // of a cosignature: when it was made, says the cosigner

  bool operator==(const Signed&) const = default;
};

// The known keys that signed the note, each once, in the order of their signatures. Signatures by unknown
// keys are ignored, those that share a name or an ID with a known key too. Invalid, in one sentence: no known
// key signed it; a signature of a known key is wrong, whatever the others are; two known keys have the same
// name and ID.
Result<std::vector<Signed>> verify_note(const Note& note, std::span<const VerifierKey> known);

}  // namespace curfew::audit
