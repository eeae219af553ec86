// Answers questions about the audit log's formats for tests/oracle/go: a JSON object a line on standard
// input, a JSON object a line on standard output. Bytes are base64.
#include <bit>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "audit/canonical_json.hpp"
#include "audit/checkpoint.hpp"
#include "audit/note.hpp"
#include "audit/proof.hpp"
#include "audit/tile.hpp"
#include "audit/tree.hpp"
#include "util/base64.hpp"

namespace curfew {
namespace {

using nlohmann::json;

// The one tree of a run. Leaf i is the text "leaf i"; the oracle has the same.
struct Tree {
  void grow(std::uint64_t size) {
    while (frontier.size() < size) {
      const std::string leaf = "leaf " + std::to_string(frontier.size());
      leaves.push_back(leaf);
      frontier.append(audit::leaf_hash(leaf));
      hashes.append(audit::leaf_hash(leaf));
    }
  }

  std::vector<std::string> leaves;
  audit::Frontier frontier;
  audit::TreeHashes hashes;
};

audit::Hash hash_at(const json& question, const char* name) {
  return audit::parse_hash(question.at(name).get<std::string>()).value();
}

audit::Proof proof_at(const json& question) {
  audit::Proof proof;
  for (const json& hash : question.at("proof"))
    proof.push_back(audit::parse_hash(hash.get<std::string>()).value());
  return proof;
}

json text_of(const audit::Proof& proof) {
  json hashes = json::array();
  for (const audit::Hash& hash : proof) hashes.push_back(audit::to_base64(hash));
  return hashes;
}

json verdict(const Result<void>& result) {
  return {{"ok", result.has_value()}};
}

json grow(Tree& tree, const json& question) {
  tree.grow(question.at("size"));
  // A frontier that was stored gives the same root as one that was not.
  const auto stored = audit::Frontier::restore(tree.frontier.size(), tree.frontier.hashes());
  return {{"root", audit::to_base64(stored.value().root())}};
}

json prove(Tree& tree, const json& question) {
  const std::uint64_t size = question.at("size");
  const auto read = tree.hashes.reader();
  // The same from tiles, of a log that has this size.
  audit::TileHashes tiles(size, [&](const audit::Tile& tile) { return audit::encode_tile(tile, read); });
  const bool is_inclusion = question.contains("index");
  const std::uint64_t of = question.at(is_inclusion ? "index" : "old");
  const auto prove_from = [&](const audit::HashReader& reader) {
    return (is_inclusion ? audit::inclusion_proof(of, size, reader)
                         : audit::consistency_proof(of, size, reader))
        .value();
  };
  const auto proof = prove_from(read);
  const bool agrees = prove_from(tiles.reader()) == proof &&
                      audit::root_at(size, tiles.reader()).value() == audit::root_at(size, read).value();
  return {{"proof", text_of(proof)},
          {"root", audit::to_base64(audit::root_at(size, read).value())},
          {"tilesAgree", agrees}};
}

json verify_inclusion(Tree&, const json& question) {
  return verdict(audit::verify_inclusion(hash_at(question, "leaf"), question.at("index"),
                                         {question.at("size"), hash_at(question, "root")},
                                         proof_at(question)));
}

json verify_consistency(Tree&, const json& question) {
  return verdict(audit::verify_consistency({question.at("old"), hash_at(question, "oldRoot")},
                                           {question.at("size"), hash_at(question, "root")},
                                           proof_at(question)));
}

json tiles(Tree& tree, const json& question) {
  json files = json::array();
  for (const audit::Tile& tile : audit::tiles_between(question.at("old"), question.at("size"))) {
    const std::size_t begin = static_cast<std::size_t>(tile.index) * audit::kTileWidth;
    const auto bytes = tile.kind == audit::Tile::Kind::Entries
                           ? audit::encode_entries(
                                 std::span(tree.leaves).subspan(begin, static_cast<std::size_t>(tile.width)))
                           : audit::encode_tile(tile, tree.hashes.reader());
    files.push_back({{"path", audit::tile_path(tile)}, {"bytes", encode_base64(bytes.value())}});
  }
  return {{"tiles", files}};
}

json tile_path(Tree&, const json& question) {
  const auto tile = audit::parse_tile_path(question.at("path").get<std::string>());
  return {{"ok", tile && audit::tile_path(*tile) == question.at("path")}};
}

std::vector<audit::SigningKey> keys_at(const json& question) {
  std::vector<audit::SigningKey> keys;
  for (const json& text : question.at("keys"))
    keys.push_back(audit::SigningKey::parse(text.get<std::string>()).value());
  return keys;
}

json verifier(Tree&, const json& question) {
  return {{"verifier", audit::to_string(keys_at(question).front().verifier())}};
}

json sign(Tree&, const json& question) {
  audit::Note note{.text = question.at("text")};
  for (const auto& key : keys_at(question)) note.signatures.push_back(audit::sign_text(key, note.text));
  return {{"note", audit::encode_note(note).value()}};
}

json cosign(Tree&, const json& question) {
  const auto seed = decode_base64(question.at("seed").get<std::string>()).value();
  const auto key =
      audit::SigningKey::from_seed(question.at("name"), audit::SignatureType::Cosignature, seed).value();
  const std::chrono::sys_seconds time(std::chrono::seconds(question.at("time").get<std::int64_t>()));
  const std::string text = question.at("text");
  return {{"note",
           audit::encode_note({.text = text, .signatures = {audit::cosign_text(key, text, time)}}).value()},
          {"verifier", audit::to_string(key.verifier())}};
}

json sign_checkpoint(Tree&, const json& question) {
  const audit::Checkpoint checkpoint{.origin = question.at("origin"),
                                     .tree = {question.at("size"), hash_at(question, "root")}};
  return {{"note", audit::sign_checkpoint(checkpoint, keys_at(question)).value()}};
}

json verify(Tree&, const json& question) {
  std::vector<audit::VerifierKey> known;
  for (const json& text : question.at("verifiers"))
    known.push_back(audit::parse_verifier_key(text.get<std::string>()).value());
  const auto note = audit::parse_note(decode_base64(question.at("note").get<std::string>()).value());
  if (!note) return {{"ok", false}, {"why", note.error().message}};
  const auto by = audit::verify_note(*note, known);
  if (!by) return {{"ok", false}, {"why", by.error().message}};
  json signers = json::array();
  json times = json::array();
  for (const audit::Signed& one : *by) {
    signers.push_back(audit::to_string(one.by));
    if (one.time) times.push_back(one.time->time_since_epoch().count());
  }
  return {{"ok", true}, {"text", note->text}, {"by", signers}, {"times", times}};
}

json number(Tree&, const json& question) {
  return {
      {"text",
       audit::canonical_json(json(std::bit_cast<double>(question.at("bits").get<std::uint64_t>()))).value()}};
}

void answer() {
  const std::map<std::string, json (*)(Tree&, const json&)> questions = {
      {"grow", grow},
      {"prove", prove},
      {"verifyInclusion", verify_inclusion},
      {"verifyConsistency", verify_consistency},
      {"tiles", tiles},
      {"tilePath", tile_path},
      {"verifier", verifier},
      {"sign", sign},
      {"cosign", cosign},
      {"signCheckpoint", sign_checkpoint},
      {"verify", verify},
      {"number", number}};
  Tree tree;
  for (std::string line; std::getline(std::cin, line);) {
    const json question = json::parse(line);
    std::cout << questions.at(question.at("ask"))(tree, question).dump() << std::endl;
  }
}

}  // namespace
}  // namespace curfew

int main() {
  try {
    curfew::answer();
  } catch (const std::exception& e) {
    std::cerr << "peer: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
