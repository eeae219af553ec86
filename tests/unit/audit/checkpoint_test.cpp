#include "audit/checkpoint.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <string>

#include "audit/tlog_proof.hpp"
#include "key_fixture.hpp"
#include "tree_fixture.hpp"

using namespace curfew;
using audit::Checkpoint;
using audit::Signed;
using audit::TlogProof;
using audit::TrustedKeys;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kOrigin = "curfew.dev/log/0a1b/1";
const std::string kRoot = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

Checkpoint checkpoint_of(std::uint64_t size) {
  return {.origin = kOrigin, .tree = {.size = size, .root = definition_of_mth(0, size)}};
}

std::string signed_checkpoint(const Checkpoint& checkpoint, char seed = 'a') {
  const std::vector keys = {test_key(checkpoint.origin, seed)};
  return audit::sign_checkpoint(checkpoint, keys).value();
}

TrustedKeys trusted_keys() {
  return {.logs = {test_key(kOrigin).verifier()},
          .witnesses = {test_witness("w1", '1').verifier(), test_witness("w2", '2').verifier()}};
}

TlogProof proof_of(std::uint64_t index, std::uint64_t size) {
  const auto tree = test_tree(size);
  return {.index = index,
          .inclusion = audit::inclusion_proof(index, size, tree.reader()).value(),
          .checkpoint = signed_checkpoint(checkpoint_of(size))};
}

}  // namespace

TEST_CASE("the text of a checkpoint is that of the specification's example") {
  const Checkpoint checkpoint{.origin = "example.com/behind-the-sofa",
                              .tree = {.size = 20'852'163, .root = audit::parse_hash(kRoot).value()}};
  const std::string text = "example.com/behind-the-sofa\n20852163\n" + kRoot + "\n";
  CHECK(audit::encode_checkpoint(checkpoint) == text);
  CHECK(audit::parse_checkpoint(text) == checkpoint);
}

TEST_CASE("the empty tree has a checkpoint") {
  const Checkpoint checkpoint{.origin = kOrigin};
  CHECK(audit::encode_checkpoint(checkpoint) ==
        kOrigin + "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  CHECK(audit::parse_checkpoint(audit::encode_checkpoint(checkpoint).value()) == checkpoint);
}

TEST_CASE("what is not a checkpoint is refused in one sentence") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "less than three lines"},
      {"a\n1\n", "less than three lines"},
      {"a\n1\n" + kRoot, "less than three lines"},
      {"a\n1\n" + kRoot + "\nextension\n", "lines after its root"},
      {"a\n1\n" + kRoot + "\n\n", "lines after its root"},
      {"\n1\n" + kRoot + "\n", "origin"},
      {"a b\n1\n" + kRoot + "\n", "origin"},
      {"a+b\n1\n" + kRoot + "\n", "origin"},
      {"a\n\n" + kRoot + "\n", "second line"},
      {"a\n01\n" + kRoot + "\n", "second line"},
      {"a\n-1\n" + kRoot + "\n", "second line"},
      {"a\n+1\n" + kRoot + "\n", "second line"},
      {"a\n1 \n" + kRoot + "\n", "second line"},
      {"a\n0x1\n" + kRoot + "\n", "second line"},
      {"a\n9223372036854775808\n" + kRoot + "\n", "second line"},
      {"a\n99999999999999999999\n" + kRoot + "\n", "second line"},
      {"a\n1\nAAAA\n", "third line"},
      {"a\n1\n" + kRoot.substr(1) + "\n", "third line"},
      {"a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "third line"},
      {"a\n0\n" + kRoot + "\n", "without leaves"},
  }));
  const auto checkpoint = audit::parse_checkpoint(text);
  CAPTURE(text);
  REQUIRE_FALSE(checkpoint);
  CHECK(checkpoint.error().kind == ErrorKind::Decode);
  CHECK_THAT(checkpoint.error().message, ContainsSubstring(why));
}

TEST_CASE("a checkpoint that could not be read is not written") {
  CHECK_FALSE(audit::encode_checkpoint({.origin = ""}));
  CHECK_FALSE(audit::encode_checkpoint({.origin = "a\nb"}));
  CHECK_FALSE(audit::encode_checkpoint({.origin = "a", .tree = {.size = audit::kMaxTreeSize + 1}}));
}

TEST_CASE("a signed checkpoint opens for who trusts its key") {
  const auto opened = audit::open_checkpoint(signed_checkpoint(checkpoint_of(5)), trusted_keys());
  REQUIRE(opened);
  CHECK(opened->checkpoint == checkpoint_of(5));
  CHECK(opened->logs == std::vector{Signed{.by = trusted_keys().logs[0]}});
  CHECK(opened->witnesses.empty());
}

TEST_CASE("during a rotation either key opens the checkpoint") {
  const std::vector keys = {test_key(kOrigin), test_key(kOrigin, 'b')};
  const std::string note = audit::sign_checkpoint(checkpoint_of(5), keys).value();
  const TrustedKeys newer{.logs = {keys[1].verifier()}};
  CHECK(audit::open_checkpoint(note, newer)->logs.size() == 1);
  const TrustedKeys both{.logs = {keys[0].verifier(), keys[1].verifier()}};
  CHECK(audit::open_checkpoint(note, both)->logs.size() == 2);
}

TEST_CASE("only a key of the log itself signs its checkpoint") {
  CHECK_FALSE(audit::sign_checkpoint(checkpoint_of(5), {}));
  CHECK_FALSE(audit::sign_checkpoint(checkpoint_of(5), std::vector{test_key("other")}));
  CHECK_FALSE(audit::sign_checkpoint(checkpoint_of(5), std::vector{test_witness(kOrigin)}));
}

TEST_CASE("a checkpoint is not opened without a right signature of its own log") {
  TrustedKeys trusted = trusted_keys();
  std::string note = signed_checkpoint(checkpoint_of(5));
  std::string why = "no known key has signed the note";
  SECTION("by another key of that name") {
    note = signed_checkpoint(checkpoint_of(5), 'x');
  }
  SECTION("by the key of another log that is trusted") {
    Checkpoint other = checkpoint_of(5);
    other.origin = "curfew.dev/log/0a1b/2";
    const std::string text = audit::encode_checkpoint(other).value();
    note =
        audit::encode_note({.text = text, .signatures = {audit::sign_text(test_key(kOrigin), text)}}).value();
  }
  SECTION("by witnesses only") {
    const std::string text = audit::encode_checkpoint(checkpoint_of(5)).value();
    note = audit::encode_note(
               {.text = text, .signatures = {audit::cosign_text(test_witness("w1", '1'), text, {})}})
               .value();
    why = "no trusted key of the log " + kOrigin + " has signed its checkpoint";
  }
  SECTION("by a witness that is trusted as a log") {
    trusted = {.logs = trusted.witnesses};
  }
  SECTION("nobody is trusted") {
    trusted = {};
  }
  SECTION("a changed size") {
    note.replace(note.find("\n5\n"), 3, "\n6\n");
    why = "is wrong";
  }
  const auto opened = audit::open_checkpoint(note, trusted);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::Invalid);
  CHECK_THAT(opened.error().message, ContainsSubstring(why));
}

TEST_CASE("trusted witnesses that cosigned are listed with their times") {
  const std::chrono::sys_seconds time(std::chrono::seconds(1'795'636'800));
  const std::string text = audit::encode_checkpoint(checkpoint_of(5)).value();
  std::string note = signed_checkpoint(checkpoint_of(5));
  for (const auto& witness : {test_witness("unknown", 'u'), test_witness("w2", '2')})
    note = audit::add_signature(note, audit::cosign_text(witness, text, time)).value();
  const auto opened = audit::open_checkpoint(note, trusted_keys());
  REQUIRE(opened);
  CHECK(opened->witnesses == std::vector{Signed{.by = trusted_keys().witnesses[1], .time = time}});
  CHECK(opened->logs.size() == 1);
}

TEST_CASE("a key is trusted for what it is listed as, and only if it is of that type") {
  const std::string text = audit::encode_checkpoint(checkpoint_of(5)).value();
  TrustedKeys trusted = trusted_keys();
  trusted.logs.push_back(test_witness(kOrigin).verifier());
  trusted.witnesses.push_back(test_key("other").verifier());
  const audit::Note by_other{.text = text, .signatures = {audit::sign_text(test_key("other"), text)}};
  CHECK_FALSE(audit::open_checkpoint(audit::encode_note(by_other).value(), trusted));
  const std::string note = audit::add_signature(signed_checkpoint(checkpoint_of(5)),
                                                audit::cosign_text(test_witness(kOrigin), text, {}))
                               .value();
  CHECK(audit::open_checkpoint(note, trusted)->witnesses.empty());
}

TEST_CASE("a wrong cosignature of a trusted witness spoils the checkpoint") {
  const std::string other = audit::encode_checkpoint(checkpoint_of(4)).value();
  const std::string note = audit::add_signature(signed_checkpoint(checkpoint_of(5)),
                                                audit::cosign_text(test_witness("w1", '1'), other, {}))
                               .value();
  CHECK_THAT(audit::open_checkpoint(note, trusted_keys()).error().message, ContainsSubstring("w1+"));
}

TEST_CASE("what is no note, or no note of a checkpoint, is not opened") {
  CHECK(audit::open_checkpoint("", trusted_keys()).error().kind == ErrorKind::Decode);
  const std::string text = "a\n";
  const auto note =
      audit::encode_note({.text = text, .signatures = {audit::sign_text(test_key(kOrigin), text)}});
  CHECK(audit::open_checkpoint(note.value(), trusted_keys()).error().kind == ErrorKind::Decode);
  CHECK_FALSE(audit::add_signature("", audit::sign_text(test_key("a"), text)));
  CHECK_FALSE(audit::add_signature(note.value(), {}));
}

TEST_CASE("a proof of one leaf is a text, and reads as it was written") {
  TlogProof proof = proof_of(6, 7);
  const std::string hashes =
      audit::to_base64(definition_of_mth(4, 6)) + "\n" + audit::to_base64(definition_of_mth(0, 4));
  CHECK(audit::encode_tlog_proof(proof) ==
        "c2sp.org/tlog-proof@v1\nindex 6\n" + hashes + "\n\n" + proof.checkpoint);
  CHECK(audit::parse_tlog_proof(audit::encode_tlog_proof(proof).value()) == proof);
  proof.extra = GENERATE(as<std::string>(), "", "leaf 6", std::string(1000, '\0'));
  CHECK_THAT(audit::encode_tlog_proof(proof).value(), ContainsSubstring("@v1\nextra "));
  CHECK(audit::parse_tlog_proof(audit::encode_tlog_proof(proof).value()) == proof);
  CHECK(audit::parse_tlog_proof(audit::encode_tlog_proof(proof_of(0, 1)).value()) == proof_of(0, 1));
}

TEST_CASE("a proof holds for its leaf, at its index, under a trusted key") {
  const TlogProof proof = proof_of(6, 7);
  CHECK(audit::verify_tlog_proof(proof, test_leaf_hash(6), trusted_keys())->checkpoint == checkpoint_of(7));
  CHECK_THAT(audit::verify_tlog_proof(proof, test_leaf_hash(5), trusted_keys()).error().message,
             ContainsSubstring("does not lead from leaf 6"));
  CHECK_FALSE(audit::verify_tlog_proof(proof, test_leaf_hash(6), {}));
  TlogProof moved = proof;
  moved.index = 5;
  CHECK_FALSE(audit::verify_tlog_proof(moved, test_leaf_hash(6), trusted_keys()));
  TlogProof elsewhere = proof;
  elsewhere.checkpoint = signed_checkpoint(checkpoint_of(8));
  CHECK_FALSE(audit::verify_tlog_proof(elsewhere, test_leaf_hash(6), trusted_keys()));
}

TEST_CASE("what is not a proof of inclusion is refused in one sentence") {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string checkpoint = "\n" + signed_checkpoint(checkpoint_of(7));
  std::string many;
  for (int i = 0; i < 65; ++i) many += kRoot + "\n";
  const auto [bytes, why] = GENERATE_COPY(table<std::string, std::string>({
      {"", "first line"},
      {"c2sp.org/tlog-proof@v2\nindex 0\n" + checkpoint, "first line"},
      {head, "no index"},
      {head + "index 0", "no index"},
      {head + "index -1\n" + checkpoint, "no index"},
      {head + "index 01\n" + checkpoint, "no index"},
      {head + "index 9223372036854775807\n" + checkpoint, "no index"},
      {head + "index\n" + checkpoint, "no index"},
      {head + "Index 0\n" + checkpoint, "no index"},
      {head + "extra AA\nindex 0\n" + checkpoint, "extra data is not base64"},
      {head + "extra AAAA\nextra AAAA\nindex 0\n" + checkpoint, "no index"},
      {head + "index 0\nextra AAAA\n" + checkpoint, "line 1 after the index is no hash"},
      {head + "index 0\nAAAA\n" + checkpoint, "line 1 after the index is no hash"},
      {head + "index 0\n" + many + checkpoint, "line 65 after the index is no hash"},
      {head + "index 0\n" + kRoot + "\n", "no empty line"},
      {head + "index 0\n\n", "not a signed note"},
      {head + "index 0\n\n" + checkpoint, "not a checkpoint"},
      {head + "index 0\n" + checkpoint + "\n", "not a signed note"},
      {std::string(2'000'001, 'x'), "longer than 2000000 bytes"},
  }));
  CAPTURE(bytes.substr(0, 200));
  const auto proof = audit::parse_tlog_proof(bytes);
  REQUIRE_FALSE(proof);
  CHECK(proof.error().kind == ErrorKind::Decode);
  CHECK_THAT(proof.error().message, ContainsSubstring(why));
}
