#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "util/result.hpp"

// Ed25519 keys (RFC 8032) with a name, as C2SP signed-note has them.
namespace curfew::audit {

// What a key signs, and how. The same byte is part of the key ID, so that a key of one type is no key of the
// other.
enum class SignatureType : std::uint8_t {
  Note = 0x01,         // the text of a note: a log signs its checkpoints
  Cosignature = 0x04,  // a checkpoint and a time: a witness saw it then (C2SP tlog-cosignature)
};

// Not empty, UTF-8, without white space, control characters and plus signs.
bool is_key_name(std::string_view name);

struct VerifierKey {
  std::string name;
  SignatureType type = SignatureType::Note;
  std::array<std::uint8_t, 32> public_key{};

  // The first four bytes, big-endian, of SHA-256(name || 0x0A || type || public key): tells keys of one name
  // apart, and proves nothing.
  std::uint32_t id() const;

  bool operator==(const VerifierKey&) const = default;
};

// "NAME+ID+BASE64": a vkey.
std::string to_string(const VerifierKey& key);
// Reads untrusted text: Decode unless it is one line that to_string() writes. Types other than SignatureType
// are refused, so that no key that somebody lists as trusted is ignored without a word.
Result<VerifierKey> parse_verifier_key(std::string_view vkey);

// Whether these 64 bytes are the Ed25519 signature of the message by that key.
bool is_signature(const VerifierKey& key, std::string_view message, std::string_view signature);

// A private key. Copies share it.
class SigningKey {
 public:
  // `seed` is the private key of RFC 8032: 32 random bytes, which stay the caller's.
  // Invalid for another length and for a name that is_key_name() refuses.
  static Result<SigningKey> from_seed(std::string name, SignatureType type, std::string_view seed);
  // Reads "PRIVATE+KEY+NAME+ID+BASE64", which Go's note package writes: Decode for anything else. Messages
  // never contain any part of the text.
  static Result<SigningKey> parse(std::string_view text);

  // The secret as text that parse() reads.
  std::string secret_text() const;
  const VerifierKey& verifier() const { return verifier_; }
  // The Ed25519 signature of the message: 64 bytes.
  std::string sign(std::string_view message) const;

 private:
  SigningKey() = default;

  VerifierKey verifier_;
  std::shared_ptr<void> key_;  // an EVP_PKEY
};

}  // namespace curfew::audit
