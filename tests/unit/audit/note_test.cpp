#include "audit/note.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <string>

#include "key_fixture.hpp"

using namespace curfew;
using audit::Note;
using audit::Signed;
using audit::VerifierKey;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kDash = "\u2014 ";
const std::string kSomeSignature = kDash + "a AAAAAAA=\n";  // one byte behind the ID

Note signed_note(const std::string& text, const std::vector<audit::SigningKey>& keys) {
  Note note{.text = text};
  for (const auto& key : keys) note.signatures.push_back(audit::sign_text(key, text));
  return note;
}

}  // namespace

TEST_CASE("the example of the specification is signed by its key") {
  const auto note = audit::parse_note(
      "This is an example message.\n\n" + kDash +
      "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n");
  const std::vector keys = {
      audit::parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
          .value()};
  REQUIRE(note);
  CHECK(note->text == "This is an example message.\n");
  CHECK(audit::verify_note(*note, keys) == std::vector{Signed{.by = keys.front()}});
}

TEST_CASE("a note is signed as by Go's note package") {
  const auto key = audit::SigningKey::parse(
      "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
  const std::string text =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  CHECK(
      audit::encode_note(signed_note(text, {key.value()})) ==
      text + "\n" + kDash +
          "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n");
}

TEST_CASE("a note is read as it was written") {
  const std::string text = GENERATE(as<std::string>(), "a\n", "\n", "a\n\nb\n", "a\n\n\u2014 a AAAAAAA=\n",
                                    "\n\n\n", "\u00e9\x7f\u2028\n");
  const Note note = signed_note(text, {test_key("a"), test_key("b", 'b')});
  const auto bytes = audit::encode_note(note);
  REQUIRE(bytes);
  CHECK(audit::parse_note(*bytes) == note);
}

TEST_CASE("what is not a note is refused in one sentence") {
  const auto [bytes, why] = GENERATE(table<std::string, std::string>({
      {"", "no empty line"},
      {"a\n", "no empty line"},
      {"a\n" + kSomeSignature, "no empty line"},
      {"a\n\n", "does not end with a signature"},
      {"a\n\n" + kSomeSignature + "\n", "does not end with a signature"},
      {"a\n\n" + kSomeSignature.substr(0, kSomeSignature.size() - 1), "does not end with a signature"},
      {"a\n\n" + kSomeSignature + "b\n", "line 2 after the text is no signature"},
      {"a\n\n- a AAAAAAA=\n", "line 1 after the text is no signature"},
      {"a\n\n\u2014a AAAAAAA=\n", "is no signature"},
      {"a\n\n" + kDash + "a  AAAAAAA=\n", "is no signature"},
      {"a\n\n" + kDash + "a\u00a0 AAAAAAA=\n", "is no signature"},
      {"a\n\n" + kDash + "a+b AAAAAAA=\n", "is no signature"},
      {"a\n\n" + kDash + " AAAAAAA=\n", "is no signature"},
      {"a\n\n" + kDash + "a\n", "is no signature"},
      {"a\n\n" + kDash + "a \n", "is no signature"},
      {"a\n\n" + kDash + "a AAAAAA==\n", "is no signature"},
      {"a\n\n" + kDash + "a AAAAAAB=\n", "is no signature"},
      {"a\n\n" + kDash + "a AAAAAAA= \n", "is no signature"},
      {"a\n\n" + kDash + "a AAAAAAA=\r\n", "control characters"},
      {"a\t\n\n" + kSomeSignature, "control characters"},
      {std::string("a\0\n\n", 4) + kSomeSignature, "control characters"},
      {"a\xff\n\n" + kSomeSignature, "not UTF-8"},
      {"a\xed\xa0\x80\n\n" + kSomeSignature, "not UTF-8"},
      {std::string(1'000'000, 'a') + "\n\n" + kSomeSignature, "longer than 1000000 bytes"},
  }));
  CAPTURE(bytes.substr(0, 100));
  const auto note = audit::parse_note(bytes);
  REQUIRE_FALSE(note);
  CHECK(note.error().kind == ErrorKind::Decode);
  CHECK_THAT(note.error().message, ContainsSubstring(why));
}

TEST_CASE("a note has up to a hundred signatures") {
  std::string bytes = "a\n\n";
  for (int i = 0; i < 100; ++i) bytes += kSomeSignature;
  CHECK(audit::parse_note(bytes)->signatures.size() == 100);
  CHECK_THAT(audit::parse_note(bytes + kSomeSignature).error().message,
             ContainsSubstring("more than 100 signatures"));
}

TEST_CASE("what nobody could read as the same note is not written") {
  Note note = signed_note("a\n", {test_key("a")});
  SECTION("no newline at the end") {
    note.text = "a";
  }
  SECTION("no text") {
    note.text = "";
  }
  SECTION("a control character") {
    note.text = "a\r\n";
  }
  SECTION("not UTF-8") {
    note.text = "\xff\n";
  }
  SECTION("no signature") {
    note.signatures.clear();
  }
  SECTION("a signature without bytes") {
    note.signatures[0].bytes.clear();
  }
  SECTION("a name with a space") {
    note.signatures[0].name = "a b";
  }
  SECTION("a name with a line") {
    note.signatures[0].name = "a AAAAAAA=\n\u2014 b";
  }
  SECTION("too many signatures") {
    note.signatures.resize(101, note.signatures[0]);
  }
  const auto bytes = audit::encode_note(note);
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().kind == ErrorKind::Invalid);
}

TEST_CASE("signatures by unknown keys are ignored, also if their name or ID is a known one") {
  Note note = signed_note("a\n", {test_key("other", 'o'), test_key("a", 'o'), test_key("a")});
  note.signatures.push_back({.name = "b", .key_id = test_key("a").verifier().id(), .bytes = "x"});
  const std::vector known = {test_key("b", 'b').verifier(), test_key("a").verifier()};
  CHECK(audit::verify_note(note, known) == std::vector{Signed{.by = known[1]}});
}

TEST_CASE("every known key that signed is named once, in the order of the note") {
  const Note note = signed_note("a\n", {test_key("b", 'b'), test_key("a"), test_key("b", 'b')});
  const std::vector known = {test_key("a").verifier(), test_key("b", 'b').verifier(),
                             test_key("a").verifier()};
  CHECK(audit::verify_note(note, known) == std::vector{Signed{.by = known[1]}, Signed{.by = known[0]}});
}

TEST_CASE("a note is refused if a known key's signature is wrong, whatever the others are") {
  Note note = signed_note("a\n", {test_key("b", 'b'), test_key("a")});
  const std::vector known = {test_key("a").verifier(), test_key("b", 'b').verifier()};
  SECTION("of another text") {
    note.signatures[1] = audit::sign_text(test_key("a"), "b\n");
  }
  SECTION("too short") {
    note.signatures[1].bytes.pop_back();
  }
  SECTION("too long") {
    note.signatures[1].bytes += 'x';
  }
  SECTION("beside a right one") {
    note.signatures.push_back(note.signatures[1]);
    note.signatures.back().bytes[5] ^= 1;
  }
  SECTION("the text was changed") {
    note.text = "b\n";
    note.signatures[0] = audit::sign_text(test_key("b", 'b'), note.text);
  }
  const auto verified = audit::verify_note(note, known);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::Invalid);
  CHECK(verified.error().message == "the signature by " + audit::to_string(known[0]) + " is wrong");
}

TEST_CASE("a signature whose name and ID are those of two known keys is not verified by either") {
  // Numbers as public keys, which have the same ID, a06fc73f.
  const auto key = [](std::uint8_t high, std::uint8_t low, std::uint8_t highest) {
    VerifierKey made{.name = "a"};
    made.public_key[29] = highest;
    made.public_key[30] = high;
    made.public_key[31] = low;
    return made;
  };
  const std::vector known = {key(0xfe, 0xcb, 0), key(0x06, 0x0b, 1)};  // 65227 and 67083
  REQUIRE(known[0].id() == known[1].id());
  const Note note{.text = "a\n", .signatures = {{.name = "a", .key_id = known[0].id(), .bytes = "x"}}};
  CHECK_THAT(audit::verify_note(note, known).error().message,
             ContainsSubstring("two known keys have the name and ID"));
}

TEST_CASE("a note that no known key signed is refused") {
  const Note note = signed_note("a\n", {test_key("a")});
  CHECK(audit::verify_note(note, {}).error().message == "no known key has signed the note");
  const std::vector known = {test_key("a", 'b').verifier()};
  CHECK(audit::verify_note(note, known).error().message == "no known key has signed the note");
}

TEST_CASE("an agent's signature becomes one of the note if it is right") {
  const auto key = test_key("a");
  CHECK(audit::signature_by(key.verifier(), "a\n", key.sign("a\n")) == audit::sign_text(key, "a\n"));
  CHECK_FALSE(audit::signature_by(key.verifier(), "a\n", key.sign("b\n")));
  CHECK_FALSE(audit::signature_by(test_witness("a", 'a').verifier(), "a\n", key.sign("a\n")));
}

TEST_CASE("a cosignature is of the text and a time") {
  const std::string text =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const std::chrono::sys_seconds time(std::chrono::seconds(1679315147));
  const auto witness = test_witness("witness.example.com/w1");
  const auto signature = audit::cosign_text(witness, text, time);
  CHECK(signature.bytes.substr(0, 8) == std::string("\0\0\0\0\x64\x18\x50\xcb", 8));
  CHECK(audit::is_signature(witness.verifier(), "cosignature/v1\ntime 1679315147\n" + text,
                            signature.bytes.substr(8)));
  Note note{.text = text, .signatures = {signature}};
  const std::vector known = {witness.verifier()};
  CHECK(audit::verify_note(note, known) == std::vector{Signed{.by = known[0], .time = time}});
  SECTION("another time") {
    note.signatures[0].bytes[7] ^= 1;
  }
  SECTION("a time beyond 2^63 - 1") {
    note.signatures[0].bytes[0] = '\x80';
  }
  SECTION("no time") {
    note.signatures[0].bytes.erase(0, 8);
  }
  SECTION("too short") {
    note.signatures[0].bytes.resize(7);
  }
  SECTION("another text") {
    note.text[0] = 'f';
  }
  CHECK_FALSE(audit::verify_note(note, known));
}

TEST_CASE("a cosignature's time is at most 2^63 - 1, however right the signature is") {
  const auto witness = test_witness("w1");
  const auto signature_at = [&](const std::string& bytes, const std::string& decimal) {
    return audit::Signature{.name = "w1",
                            .key_id = witness.verifier().id(),
                            .bytes = bytes + witness.sign("cosignature/v1\ntime " + decimal + "\na\n")};
  };
  const std::vector known = {witness.verifier()};
  const std::string most = "\x7f" + std::string(7, '\xff');
  CHECK(
      audit::verify_note({.text = "a\n", .signatures = {signature_at(most, "9223372036854775807")}}, known));
  const std::string beyond = "\x80" + std::string(7, '\0');
  CHECK_FALSE(audit::verify_note({.text = "a\n", .signatures = {signature_at(beyond, "9223372036854775808")}},
                                 known));
}

TEST_CASE("a key of one type verifies no signature of the other") {
  const std::string text = "a\n";
  const auto log = test_key("a", 'x');
  const auto witness = test_witness("a", 'x');  // the same private key
  Note note{.text = text, .signatures = {audit::sign_text(log, text)}};
  CHECK_FALSE(audit::verify_note(note, std::vector{witness.verifier()}));
  note.signatures[0].key_id = witness.verifier().id();
  CHECK_FALSE(audit::verify_note(note, std::vector{witness.verifier()}));
  note.signatures = {audit::cosign_text(witness, text, {})};
  note.signatures[0].key_id = log.verifier().id();
  CHECK_FALSE(audit::verify_note(note, std::vector{log.verifier()}));
}
