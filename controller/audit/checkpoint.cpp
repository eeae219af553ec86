#include "audit/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "audit/lines.hpp"

namespace curfew::audit {

Result<std::string> encode_checkpoint(const Checkpoint& checkpoint) {
  if (!is_key_name(checkpoint.origin))
    return fail(ErrorKind::Invalid, "the origin of a log must be text without white space and plus signs");
  if (checkpoint.tree.size > kMaxTreeSize)
    return fail(ErrorKind::Invalid, fmt::format("a tree cannot have {} leaves", checkpoint.tree.size));
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.tree.size,
                     to_base64(checkpoint.tree.root));
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto refused = [](const char* why) {
    return fail(ErrorKind::Decode, std::string("this is not a checkpoint: ") + why);
  };
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  if (!origin || !size || !root) return refused("it has less than three lines");
  if (!text.empty()) return refused("it has lines after its root");
  if (!is_key_name(*origin)) return refused("its origin has white space or plus signs, or is empty");
  const auto leaves = parse_decimal(*size);
  if (!leaves || *leaves > kMaxTreeSize) return refused("its second line is not the size of a tree");
  const auto hash = parse_hash(*root);
  if (!hash) return refused("its third line is not 32 bytes in base64");
  if (*leaves == 0 && *hash != empty_root()) return refused("its root is not that of a tree without leaves");
  return Checkpoint{.origin = std::string(*origin), .tree = {.size = *leaves, .root = *hash}};
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, std::span<const SigningKey> keys) {
  auto text = encode_checkpoint(checkpoint);
  if (!text) return text;
  Note note{.text = std::move(*text)};
  for (const SigningKey& key : keys) {
    if (key.verifier().name != checkpoint.origin || key.verifier().type != SignatureType::Note)
      return fail(ErrorKind::Invalid, fmt::format("key {} is not one of the log {}",
                                                  to_string(key.verifier()), checkpoint.origin));
    note.signatures.push_back(sign_text(key, note.text));
  }
  return encode_note(note);
}

Result<std::string> add_signature(std::string_view bytes, const Signature& signature) {
  auto note = parse_note(bytes);
  if (!note) return tl::unexpected(note.error());
  note->signatures.push_back(signature);
  return encode_note(*note);
}

Result<SignedCheckpoint> open_checkpoint(std::string_view bytes, const TrustedKeys& trusted) {
  const auto note = parse_note(bytes);
  if (!note) return tl::unexpected(note.error());
  const auto checkpoint = parse_checkpoint(note->text);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  std::vector<VerifierKey> known;
  for (const VerifierKey& key : trusted.logs)
    if (key.type == SignatureType::Note && key.name == checkpoint->origin) known.push_back(key);
  for (const VerifierKey& key : trusted.witnesses)
    if (key.type == SignatureType::Cosignature) known.push_back(key);
  const auto verified = verify_note(*note, known);
  if (!verified) return tl::unexpected(verified.error());
  SignedCheckpoint opened{.checkpoint = *checkpoint};
  for (const Signed& one : *verified)
    (one.by.type == SignatureType::Note ? opened.logs : opened.witnesses).push_back(one);
  if (opened.logs.empty())
    return fail(ErrorKind::Invalid,
                fmt::format("no trusted key of the log {} has signed its checkpoint", checkpoint->origin));
  return opened;
}

}  // namespace curfew::audit
