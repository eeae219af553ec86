#include "audit/key.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

#include "key_fixture.hpp"
#include "util/base64.hpp"

using namespace curfew;
using audit::SignatureType;
using audit::SigningKey;
using audit::VerifierKey;
using Catch::Matchers::ContainsSubstring;

namespace {

// From the documentation of Go's note package.
const std::string kPeterPublic = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string kPeterPrivate =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

}  // namespace

TEST_CASE("a verifier key is read, has its ID, and is written the same") {
  const std::string text =
      GENERATE(as<std::string>(), "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
               kPeterPublic, audit::to_string(test_witness("witness.example/w1").verifier()));
  const auto key = audit::parse_verifier_key(text);
  REQUIRE(key);
  CHECK(audit::to_string(*key) == text);
}

TEST_CASE("the signature type is part of the key and of its ID") {
  const VerifierKey log = test_key("example.com/a", 'x').verifier();
  const VerifierKey witness = test_witness("example.com/a", 'x').verifier();
  CHECK(log.public_key == witness.public_key);
  CHECK(log.id() != witness.id());
  CHECK(audit::parse_verifier_key(audit::to_string(witness))->type == SignatureType::Cosignature);
}

TEST_CASE("other text is not a verifier key") {
  const std::string text =
      GENERATE(as<std::string>(), "", "+", "++", "PeterNeumann", "PeterNeumann+c74f20a3",
               "PeterNeumann+c74f20a3+", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeumann+74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeumann+c74f20a3+Bhpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
               "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T", kPeterPublic + "\n",
               " " + kPeterPublic, kPeterPublic + "A", kPeterPublic + "AAAA", kPeterPrivate,
               "\xff+c74f20a3+AAAA", std::string(100'000, '+'));
  CAPTURE(text.substr(0, 100));
  const auto key = audit::parse_verifier_key(text);
  REQUIRE_FALSE(key);
  CHECK(key.error().kind == ErrorKind::Decode);
  CHECK(key.error().message.find('\n') == std::string::npos);
}

TEST_CASE("a name is any text without white space, control characters and plus signs") {
  CHECK(audit::is_key_name("curfew.dev/log/0a1b-2c3d/1"));
  CHECK(audit::is_key_name("\u00e9t\u00e9"));
  const std::string name =
      GENERATE(as<std::string>(), "", "a b", "a+b", "a\tb", "a\nb", "a\x1f", "a\u00a0", "a\u0085", "\u1680",
               "\u2003", "\u2028", "\u202f", "\u205f", "\u3000", "a\xff", std::string("a\0", 2));
  CHECK_FALSE(audit::is_key_name(name));
  CHECK_FALSE(SigningKey::from_seed(name, SignatureType::Note, std::string(32, 'a')));
}

TEST_CASE("a private key is read from Go's text, and has its public key") {
  const auto key = SigningKey::parse(kPeterPrivate);
  REQUIRE(key);
  CHECK(audit::to_string(key->verifier()) == kPeterPublic);
  CHECK(key->secret_text() == kPeterPrivate);
}

TEST_CASE("a private key that is not one is refused without a part of it in the message") {
  std::string text = kPeterPrivate;
  const auto [at, digit] = GENERATE(table<std::size_t, char>(
      {{0, 'p'}, {8, 'k'}, {12, '+'}, {14, 'T'}, {25, 'd'}, {34, 'B'}, {40, 'z'}, {77, '='}}));
  text.at(at) = digit;
  const auto key = SigningKey::parse(text);
  CAPTURE(text);
  REQUIRE_FALSE(key);
  CHECK(key.error().kind == ErrorKind::Decode);
  CHECK_THAT(key.error().message, !ContainsSubstring("AYEK") && !ContainsSubstring("c74f20a3"));
}

TEST_CASE("a private key has 32 bytes") {
  CHECK_FALSE(SigningKey::from_seed("a", SignatureType::Note, ""));
  CHECK_FALSE(SigningKey::from_seed("a", SignatureType::Note, std::string(31, 'x')));
  CHECK_FALSE(SigningKey::from_seed("a", SignatureType::Note, std::string(33, 'x')));
}

TEST_CASE("signatures are those of RFC 8032, 7.1, test 1") {
  const std::string seed = decode_base64("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").value();
  const std::string expected = decode_base64(
                                   "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVf"
                                   "uIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==")
                                   .value();
  const SigningKey key = SigningKey::from_seed("a", SignatureType::Note, seed).value();
  CHECK(key.sign("") == expected);
  CHECK(audit::is_signature(key.verifier(), "", expected));
}

TEST_CASE("a signature is of one message, by one key") {
  const SigningKey key = test_key("a");
  const std::string signature = key.sign("message");
  CHECK(audit::is_signature(key.verifier(), "message", signature));
  CHECK_FALSE(audit::is_signature(key.verifier(), "messagf", signature));
  CHECK_FALSE(audit::is_signature(test_key("a", 'b').verifier(), "message", signature));
  CHECK_FALSE(audit::is_signature(key.verifier(), "message", signature.substr(1)));
  CHECK_FALSE(audit::is_signature(key.verifier(), "message", signature + "x"));
  CHECK_FALSE(audit::is_signature(key.verifier(), "message", ""));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(audit::is_signature(key.verifier(), "message", changed));
  }
  CHECK_FALSE(audit::is_signature(VerifierKey{.name = "a"}, "message", signature));  // not a public key
}
