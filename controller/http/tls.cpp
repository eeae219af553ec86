#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace curfew::http {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

constexpr std::chrono::minutes kMaxAge{1};

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// No user is present to type a passphrase.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::vector<Certificate> certificates(const std::string& pem) {
  std::vector<Certificate> all;
  const Bio bio = reader(pem);
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)})
    all.push_back(std::move(next));
  ERR_clear_error();  // the end of the text counts as an error
  return all;
}

std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string address_of(const ASN1_OCTET_STRING* bytes) {
  const Bio bio(BIO_new(BIO_s_mem()));
  const unsigned char* data = ASN1_STRING_get0_data(bytes);
  const int size = ASN1_STRING_length(bytes);
  if (size == 4)
    BIO_printf(bio.get(), "%d.%d.%d.%d", data[0], data[1], data[2], data[3]);
  else
    for (int i = 0; i + 1 < size; i += 2)
      BIO_printf(bio.get(), "%s%x", i == 0 ? "" : ":", data[i] << 8 | data[i + 1]);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

// "kubernetes, localhost, 10.0.0.1": the names in a certificate. Untrusted text: drops unprintable
// characters.
std::string names_of(X509* certificate) {
  constexpr std::size_t kMaxLength = 300;
  std::string names;
  const std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    std::string text;
    if (name->type == GEN_DNS)
      text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                  static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    else if (name->type == GEN_IPADD)
      text = address_of(name->d.iPAddress);
    else
      continue;
    std::erase_if(text, [](char c) { return c <= ' ' || c > '~'; });
    names += (names.empty() ? "" : ", ") + text;
    if (names.size() > kMaxLength) return names.substr(0, kMaxLength) + "...";
  }
  return names.empty() ? "none" : names;
}

int keep_alive_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* owner, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<std::shared_ptr<TlsClient>*>(owner);
      });
  return index;
}

void require(long result, const char* what) {
  if (result == 1) return;
  const char* why = ERR_reason_error_string(ERR_get_error());
  throw std::runtime_error(std::string("OpenSSL refuses ") + what + ": " + (why ? why : "unknown error"));
}

}  // namespace

namespace {

// null if `pem` contains no certificate.
std::shared_ptr<X509_STORE> store_of(const std::string& pem) {
  const auto cas = certificates(pem);
  if (cas.empty()) return nullptr;
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), Freer<X509_STORE_free>());
  for (const auto& ca : cas) X509_STORE_add_cert(store.get(), ca.get());
  return store;
}

std::shared_ptr<X509_STORE> store_of_system() {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), Freer<X509_STORE_free>());
  // Some images have no such files: then nothing is trusted, and the handshake reports it.
  X509_STORE_load_file(store.get(), X509_get_default_cert_file());
  X509_STORE_load_path(store.get(), X509_get_default_cert_dir());
  ERR_clear_error();
  return store;
}

}  // namespace

struct TlsClient::Own {
  std::vector<Certificate> chain;  // our certificate first
  Key key;
};

Result<std::shared_ptr<TlsClient>> TlsClient::create(const ClientConfig& config, std::string verified_name) {
  Trust trust{.store = config.ca_pem.empty() ? store_of_system() : store_of(config.ca_pem),
              .seen = std::nullopt,
              .read_at = {}};
  if (!trust.store)
    return fail(ErrorKind::Invalid,
                config.ca_source + " holds no certificate; one or more in PEM form are expected");
  auto own = std::make_shared<Own>();
  if (!config.client_cert_pem.empty()) {
    own->chain = certificates(config.client_cert_pem);
    const Bio bio = reader(config.client_key_pem);
    own->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    if (own->chain.empty())
      return fail(ErrorKind::Invalid, "the client certificate is not a certificate in PEM form");
    if (!own->key)
      return fail(ErrorKind::Invalid, "the client key is not an unencrypted private key in PEM form");
    if (X509_check_private_key(own->chain.front().get(), own->key.get()) != 1) {
      ERR_clear_error();
      return fail(ErrorKind::Invalid, "the client key does not belong to the client certificate");
    }
  }
  return std::shared_ptr<TlsClient>(
      new TlsClient(config, std::move(verified_name), std::move(own), std::move(trust)));
}

TlsClient::TlsClient(const ClientConfig& config, std::string verified_name, std::shared_ptr<const Own> own,
                     Trust trust)
    : ca_file_(config.ca_pem.empty() ? std::string() : config.ca_file),
      ca_source_(config.ca_pem.empty() ? "a CA that this system trusts" : config.ca_source),
      verified_name_(std::move(verified_name)),
      own_(std::move(own)),
      trust_(std::move(trust)) {}

// A file that is half written or missing for a moment changes nothing: the next connection checks it again.
void TlsClient::renew(Trust& trust) const {
  const auto now = std::chrono::steady_clock::now();
  const auto seen = FileVersion::of(ca_file_);
  if (!seen || (seen == trust.seen && !trust.is_doubted && now - trust.read_at < kMaxAge)) return;
  std::ifstream in(ca_file_, std::ios::binary);
  auto store = store_of(std::string(std::istreambuf_iterator<char>(in), {}));
  if (store) trust = {.store = std::move(store), .seen = seen, .read_at = now};
}

void TlsClient::configure(SSL_CTX* context) {
  const auto store = trust_.with([this](Trust& trust) {
    if (!ca_file_.empty()) renew(trust);
    return trust.store;
  });
  SSL_CTX_set1_cert_store(context, store.get());
  require(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION), "TLS 1.2");
  // Watches read rarely: their connections keep no buffers meanwhile.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (!own_->chain.empty()) {
    require(SSL_CTX_use_certificate(context, own_->chain.front().get()), "the client certificate");
    for (std::size_t i = 1; i < own_->chain.size(); ++i)
      require(SSL_CTX_add1_chain_cert(context, own_->chain[i].get()), "the client certificate's chain");
    require(SSL_CTX_use_PrivateKey(context, own_->key.get()), "the client key");
  }
  auto owner = std::make_unique<std::shared_ptr<TlsClient>>(shared_from_this());
  require(SSL_CTX_set_ex_data(context, keep_alive_index(), owner.get()), "a context");
  [[maybe_unused]] const auto* freed_with_context = owner.release();
  SSL_CTX_set_cert_verify_callback(context, &TlsClient::verify, this);
}

std::string TlsClient::take_refusal() {
  return refusal_.with([](std::string& refusal) { return std::exchange(refusal, {}); });
}

// Wraps OpenSSL's own verification to keep the reason: the HTTP library reports only that the handshake
// failed.
int TlsClient::verify(X509_STORE_CTX* chain, void* self) {
  auto* client = static_cast<TlsClient*>(self);
  const int trusted = X509_verify_cert(chain);
  if (trusted != 1) {
    client->refusal_.with([&](std::string& refusal) { refusal = client->explain(chain); });
    client->trust_.with([](Trust& trust) { trust.is_doubted = true; });
  }
  return trusted;
}

std::string TlsClient::explain(X509_STORE_CTX* chain) const {
  X509* certificate = X509_STORE_CTX_get_current_cert(chain);
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  const int error = X509_STORE_CTX_get_error(chain);
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "its certificate is not signed by " + ca_source_;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate expired at " +
             (certificate ? text_of(X509_get0_notAfter(certificate)) : "an unknown time");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid before " +
             (certificate ? text_of(X509_get0_notBefore(certificate)) : "an unknown time") +
             "; is this machine's clock right?";
    case X509_V_OK:  // the chain is valid: a callback refused the name without setting an error
    case X509_V_ERR_UNSPECIFIED:
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is for other names than " + verified_name_ +
             " (it has: " + (leaf ? names_of(leaf) : "none") + ")";
    default: return std::string("its certificate is refused: ") + X509_verify_cert_error_string(error);
  }
}

}  // namespace curfew::http
