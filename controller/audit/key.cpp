#include "audit/key.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "util/base64.hpp"
#include "util/sha256.hpp"
#include "util/utf8.hpp"

namespace curfew::audit {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kMaxKeyTextBytes = 1024;
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using PKey = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* unsigned_bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Unicode's property White_Space.
bool is_white_space(std::uint32_t code) {
  return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f ||
         code == 0x205f || code == 0x3000;
}

std::optional<SignatureType> type_of(char byte) {
  for (const SignatureType type : {SignatureType::Note, SignatureType::Cosignature})
    if (static_cast<unsigned char>(byte) == static_cast<std::uint8_t>(type)) return type;
  return std::nullopt;
}

// NAME+ID+BASE64, where the base64 is of the type and a key, public or private.
struct KeyText {
  std::string name;
  std::string id;
  SignatureType type = SignatureType::Note;
  std::string key;
};

std::string write(const KeyText& text) {
  std::string bytes(1, static_cast<char>(text.type));
  bytes += text.key;
  return fmt::format("{}+{}+{}", text.name, text.id, encode_base64(bytes));
}

// nullopt unless write() writes the text. The ID is not compared with the key.
std::optional<KeyText> read(std::string_view text) {
  if (text.size() > kMaxKeyTextBytes) return std::nullopt;
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos || !is_key_name(text.substr(0, first))) return std::nullopt;
  const std::string_view id = text.substr(first + 1).substr(0, kIdDigits);
  const std::string_view rest = text.substr(first + 1 + id.size());
  const auto bytes = rest.starts_with('+') ? decode_base64(rest.substr(1)) : std::nullopt;
  if (!bytes || bytes->size() != 1 + kKeyBytes) return std::nullopt;
  const auto type = type_of(bytes->front());
  if (!type) return std::nullopt;
  return KeyText{std::string(text.substr(0, first)), std::string(id), *type, bytes->substr(1)};
}

std::string id_text(const VerifierKey& key) {
  return fmt::format("{:08x}", key.id());
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const utf8::Character character = utf8::first_character(name);
    constexpr std::uint32_t kFirstPrintable = 0x20;
    if (!character.code || *character.code == '+' || *character.code < kFirstPrintable ||
        is_white_space(*character.code))
      return false;
    name.remove_prefix(character.bytes);
  }
  return true;
}

std::uint32_t VerifierKey::id() const {
  std::string bytes = name;
  bytes += '\n';
  bytes += static_cast<char>(type);
  bytes.append(public_key.begin(), public_key.end());
  const Sha256 hash = sha256(bytes);
  return std::uint32_t{hash[0]} << 24U | std::uint32_t{hash[1]} << 16U | std::uint32_t{hash[2]} << 8U |
         hash[3];
}

std::string to_string(const VerifierKey& key) {
  return write({key.name, id_text(key), key.type, std::string(key.public_key.begin(), key.public_key.end())});
}

Result<VerifierKey> parse_verifier_key(std::string_view vkey) {
  const auto text = read(vkey);
  if (!text)
    return fail(ErrorKind::Decode,
                "a verifier key must be NAME+ID+BASE64 of an Ed25519 key, of type 0x01 or 0x04");
  VerifierKey key{.name = text->name, .type = text->type};
  std::ranges::copy(text->key, key.public_key.begin());
  if (id_text(key) != text->id)
    return fail(ErrorKind::Decode,
                "the ID of a verifier key must be that of its name and key: " + id_text(key));
  return key;
}

bool is_signature(const VerifierKey& key, std::string_view message, std::string_view signature) {
  const PKey public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.public_key.data(), key.public_key.size()));
  const Context context(EVP_MD_CTX_new());
  if (!public_key || !context) return false;
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), unsigned_bytes_of(signature), signature.size(),
                          unsigned_bytes_of(message), message.size()) == 1;
}

Result<SigningKey> SigningKey::from_seed(std::string name, SignatureType type, std::string_view seed) {
  if (!is_key_name(name))
    return fail(ErrorKind::Invalid, "the name of a key must be text without white space and plus signs");
  if (seed.size() != kKeyBytes) return fail(ErrorKind::Invalid, "a private key must have 32 bytes");
  SigningKey key;
  key.key_ = std::shared_ptr<EVP_PKEY>(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, unsigned_bytes_of(seed), seed.size()), Free());
  key.verifier_ = {.name = std::move(name), .type = type};
  std::size_t length = kKeyBytes;
  if (!key.key_ || EVP_PKEY_get_raw_public_key(static_cast<EVP_PKEY*>(key.key_.get()),
                                               key.verifier_.public_key.data(), &length) != 1)
    throw std::bad_alloc();  // any 32 bytes are a private key
  return key;
}

Result<SigningKey> SigningKey::parse(std::string_view text) {
  const auto parts =
      text.starts_with(kPrivatePrefix) ? read(text.substr(kPrivatePrefix.size())) : std::nullopt;
  if (!parts)
    return fail(ErrorKind::Decode, "a private key must be PRIVATE+KEY+NAME+ID+BASE64 of an Ed25519 key");
  auto key = from_seed(parts->name, parts->type, parts->key);
  if (key && id_text(key->verifier()) != parts->id)
    return fail(ErrorKind::Decode, "the ID of a private key must be that of its name and key");
  return key;
}

std::string SigningKey::secret_text() const {
  std::string seed(kKeyBytes, '\0');
  std::size_t length = seed.size();
  if (EVP_PKEY_get_raw_private_key(static_cast<EVP_PKEY*>(key_.get()),
                                   reinterpret_cast<unsigned char*>(seed.data()), &length) != 1)
    throw std::bad_alloc();
  return std::string(kPrivatePrefix) + write({verifier_.name, id_text(verifier_), verifier_.type, seed});
}

std::string SigningKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t length = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                     unsigned_bytes_of(message), message.size()) != 1)
    throw std::bad_alloc();  // Ed25519 signs everything
  return signature;
}

}  // namespace curfew::audit
