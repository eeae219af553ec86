#include <nlohmann/json.hpp>
#include <vector>

#include "audit/canonical_json.hpp"
#include "audit/checkpoint.hpp"
#include "audit/commitment.hpp"
#include "audit/leaf.hpp"
#include "audit/note.hpp"
#include "audit/tile.hpp"
#include "audit/tlog_proof.hpp"
#include "fuzz/targets.hpp"
#include "util/utf8.hpp"

namespace curfew::fuzz {
namespace {

void must_be_refused(const Error& error, ErrorKind kind) {
  must(error.kind == kind && !error.message.empty() && is_one_line(error.message) &&
           utf8::is_valid(error.message),
       "what is refused is so in one line");
}

// What is read is written as the same bytes; anything else is refused.
template <class Read, class Write>
void read_and_write(std::string_view input, Read read, Write write) {
  const auto value = read(input);
  if (!value) return must_be_refused(value.error(), ErrorKind::Decode);
  must(write(*value) == std::string(input), "what was read is written as the same bytes");
}

// The keys that signed the inputs of the corpus.
const audit::TrustedKeys& trusted() {
  static const audit::TrustedKeys kKeys = [] {
    const auto key = [](const char* name, audit::SignatureType type, char seed) {
      return audit::SigningKey::from_seed(name, type, std::string(32, seed)).value().verifier();
    };
    return audit::TrustedKeys{.logs = {key("curfew.dev/log/0a1b/1", audit::SignatureType::Note, 'a')},
                              .witnesses = {key("w1", audit::SignatureType::Cosignature, 'w')}};
  }();
  return kKeys;
}

void entries_of(std::string_view input) {
  if (input.empty()) return;
  const audit::Tile tile{.kind = audit::Tile::Kind::Entries,
                         .width = 1 + static_cast<unsigned char>(input[0])};
  read_and_write(
      input.substr(1), [&](std::string_view bytes) { return audit::parse_entries(tile, bytes); },
      [](const std::vector<std::string>& leaves) { return audit::encode_entries(leaves).value(); });
  read_and_write(
      input.substr(1), [&](std::string_view bytes) { return audit::parse_tile(tile, bytes); },
      [](const std::vector<audit::Hash>& hashes) {
        const audit::HashReader read = [&](int, std::uint64_t index) {
          return Result<audit::Hash>(hashes.at(index));
        };
        return audit::encode_tile({.width = static_cast<int>(hashes.size())}, read).value();
      });
}

void record_of(const nlohmann::json& value) {
  const auto leaf = audit::leaf_of(value);
  if (!leaf) return must_be_refused(leaf.error(), ErrorKind::Decode);
  must(audit::verify_record(*leaf, value).has_value(), "a record has the leaf that was made of it");
  const auto bytes = audit::encode_leaf(*leaf);
  if (!bytes) return must_be_refused(bytes.error(), ErrorKind::Invalid);
  must(audit::parse_leaf(*bytes) == audit::Leaf(*leaf), "the leaf of a record can be read");
}

}  // namespace

void notes(std::string_view input) {
  read_and_write(input, audit::parse_note,
                 [](const audit::Note& note) { return audit::encode_note(note).value(); });
  read_and_write(input, audit::parse_checkpoint, [](const audit::Checkpoint& checkpoint) {
    return audit::encode_checkpoint(checkpoint).value();
  });
  read_and_write(input, audit::parse_tlog_proof,
                 [](const audit::TlogProof& proof) { return audit::encode_tlog_proof(proof).value(); });
  read_and_write(input, audit::parse_verifier_key,
                 [](const audit::VerifierKey& key) { return audit::to_string(key); });
  read_and_write(input, audit::SigningKey::parse,
                 [](const audit::SigningKey& key) { return key.secret_text(); });
  const auto opened = audit::open_checkpoint(input, trusted());
  must(opened || is_one_line(opened.error().message), "what is not opened is refused in one line");
  if (opened)
    must(opened->checkpoint.origin == trusted().logs.front().name, "only the trusted log is opened");
  if (const auto proof = audit::parse_tlog_proof(input)) {
    const auto verified = audit::verify_tlog_proof(*proof, audit::leaf_hash("leaf"), trusted());
    must(verified || is_one_line(verified.error().message), "what is not proven is refused in one line");
  }
}

void leaves(std::string_view input) {
  read_and_write(input, audit::parse_leaf,
                 [](const audit::Leaf& leaf) { return audit::encode_leaf(leaf).value(); });
  read_and_write(input, audit::parse_canonical_json,
                 [](const nlohmann::json& value) { return audit::canonical_json(value).value(); });
  read_and_write(input, audit::parse_tile_path, audit::tile_path);
  entries_of(input);
  const auto value = nlohmann::json::parse(input, nullptr, false);
  if (value.is_discarded()) return;
  const auto text = audit::canonical_json(value);
  if (!text) return must_be_refused(text.error(), ErrorKind::Invalid);
  must(audit::canonical_json(value) == *text, "a value has one canonical form");
  record_of(value);
}

}  // namespace curfew::fuzz
