#include "audit/note.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "util/base64.hpp"
#include "util/utf8.hpp"

namespace curfew::audit {
namespace {

constexpr std::string_view kSignaturePrefix = "\u2014 ";  // an em dash
constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kTimeBytes = 8;

std::string big_endian(std::uint64_t value, std::size_t bytes) {
  constexpr std::size_t kByteBits = 8;
  std::string text;
  for (std::size_t i = bytes; i > 0; --i) text += static_cast<char>(value >> ((i - 1) * kByteBits) & 0xffU);
  return text;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

// Whether the bytes can be in a note: UTF-8, and of the control characters below U+0020 newlines only.
bool is_note_text(std::string_view text) {
  constexpr unsigned char kFirstPrintable = 0x20;
  return utf8::is_valid(text) && std::ranges::none_of(text, [](char c) {
           return c != '\n' && static_cast<unsigned char>(c) < kFirstPrintable;
         });
}

std::string line_of(const Signature& signature) {
  return fmt::format("{}{} {}\n", kSignaturePrefix, signature.name,
                     encode_base64(big_endian(signature.key_id, kIdBytes) + signature.bytes));
}

// A line without its newline.
std::optional<Signature> read_signature(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return std::nullopt;
  line.remove_prefix(kSignaturePrefix.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  const auto bytes = decode_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kIdBytes) return std::nullopt;
  return Signature{.name = std::string(line.substr(0, space)),
                   .key_id = static_cast<std::uint32_t>(from_big_endian(bytes->substr(0, kIdBytes))),
                   .bytes = bytes->substr(kIdBytes)};
}

tl::unexpected<Error> malformed(const std::string& why) {
  return fail(ErrorKind::Decode, "this is not a signed note: " + why);
}

std::string cosigned_message(std::string_view text, std::uint64_t time) {
  return fmt::format("cosignature/v1\ntime {}\n{}", time, text);
}

Signature signature_of(const VerifierKey& key, std::string bytes) {
  return {.name = key.name, .key_id = key.id(), .bytes = std::move(bytes)};
}

// nullptr if it is not known.
Result<const VerifierKey*> key_of(const Signature& signature, std::span<const VerifierKey> known) {
  const VerifierKey* found = nullptr;
  for (const VerifierKey& key : known) {
    if (key.name != signature.name || key.id() != signature.key_id) continue;
    if (found != nullptr && *found != key)
      return fail(ErrorKind::Invalid,
                  fmt::format("two known keys have the name and ID of {}", to_string(key)));
    found = &key;
  }
  return found;
}

// nullopt if the signature is wrong.
std::optional<Signed> verified(const VerifierKey& key, std::string_view text, std::string_view bytes) {
  if (key.type == SignatureType::Note) {
    if (!is_signature(key, text, bytes)) return std::nullopt;
    return Signed{.by = key};
  }
  if (bytes.size() < kTimeBytes) return std::nullopt;
  const std::uint64_t time = from_big_endian(bytes.substr(0, kTimeBytes));
  if (time > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return std::nullopt;
  if (!is_signature(key, cosigned_message(text, time), bytes.substr(kTimeBytes))) return std::nullopt;
  return Signed{.by = key,
                .time = std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(time)))};
}

}  // namespace

Result<std::string> encode_note(const Note& note) {
  std::string bytes = note.text + "\n";
  for (const Signature& signature : note.signatures) bytes += line_of(signature);
  const auto read = parse_note(bytes);
  if (!read) return fail(ErrorKind::Invalid, read.error().message);
  if (*read != note) return fail(ErrorKind::Invalid, "a note cannot have this text");
  return bytes;
}

Result<Note> parse_note(std::string_view bytes) {
  if (bytes.size() > kMaxNoteBytes)
    return malformed(fmt::format("it is longer than {} bytes", kMaxNoteBytes));
  if (!is_note_text(bytes)) return malformed("it has control characters, or is not UTF-8");
  const std::size_t gap = bytes.rfind("\n\n");
  if (gap == std::string_view::npos) return malformed("it has no empty line before its signatures");
  Note note{.text = std::string(bytes.substr(0, gap + 1))};
  std::string_view lines = bytes.substr(gap + 2);
  if (!lines.ends_with('\n')) return malformed("it does not end with a signature line");
  while (!lines.empty()) {
    if (note.signatures.size() == kMaxNoteSignatures)
      return malformed(fmt::format("it has more than {} signatures", kMaxNoteSignatures));
    const std::size_t end = lines.find('\n');
    auto signature = read_signature(lines.substr(0, end));
    if (!signature)
      return malformed(fmt::format("its line {} after the text is no signature", note.signatures.size() + 1));
    note.signatures.push_back(std::move(*signature));
    lines.remove_prefix(end + 1);
  }
  return note;
}

Signature sign_text(const SigningKey& key, std::string_view text) {
  return signature_of(key.verifier(), key.sign(text));
}

Result<Signature> signature_by(const VerifierKey& key, std::string_view text, std::string_view signature) {
  if (key.type != SignatureType::Note || !is_signature(key, text, signature))
    return fail(ErrorKind::Invalid, "the signature is not one of the text by key " + to_string(key));
  return signature_of(key, std::string(signature));
}

Signature cosign_text(const SigningKey& key, std::string_view text, std::chrono::sys_seconds time) {
  const auto seconds = static_cast<std::uint64_t>(time.time_since_epoch().count());
  return signature_of(key.verifier(),
                      big_endian(seconds, kTimeBytes) + key.sign(cosigned_message(text, seconds)));
}

Result<std::vector<Signed>> verify_note(const Note& note, std::span<const VerifierKey> known) {
  std::vector<Signed> by;
  for (const Signature& signature : note.signatures) {
    const auto its_key = key_of(signature, known);
    if (!its_key) return tl::unexpected(its_key.error());
    const VerifierKey* key = *its_key;
    if (key == nullptr) continue;
    const auto valid = verified(*key, note.text, signature.bytes);
    if (!valid) return fail(ErrorKind::Invalid, fmt::format("the signature by {} is wrong", to_string(*key)));
    if (std::ranges::find(by, *key, &Signed::by) == by.end()) by.push_back(*valid);
  }
  if (by.empty()) return fail(ErrorKind::Invalid, "no known key has signed the note");
  return by;
}

}  // namespace curfew::audit
