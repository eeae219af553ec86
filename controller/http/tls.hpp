#pragma once

#include <memory>
#include <openssl/types.h>
#include <string>

#include "http/client_config.hpp"
#include "util/guarded.hpp"
#include "util/result.hpp"

namespace curfew::http {

// A client's side of TLS, parsed once and shared by every connection: trusted CAs, certificate and key. Immutable but for the note of the
// last refused certificate; thread-safe.
class TlsClient : public std::enable_shared_from_this<TlsClient> {
 public:
  // Invalid, in a sentence, for PEM that is not what it should be or a key that does not belong to its certificate.
  static Result<std::shared_ptr<TlsClient>> create(const ClientConfig& config, std::string verified_name);

  // TLS 1.2 or newer, our CAs instead of the system's, our certificate. Keeps this object alive as long as the context. Throws std::runtime_error.
  void configure(SSL_CTX* context);

  // Why the server's certificate was last refused ("its certificate is ..."); empty if none was since the last call.
  std::string take_refusal();

 private:
  struct Material;
  TlsClient(std::shared_ptr<const Material> material, std::string ca_source, std::string verified_name);
  static int verify(X509_STORE_CTX* chain, void* self);
  std::string explain(X509_STORE_CTX* chain) const;

  std::shared_ptr<const Material> material_;
  std::string ca_source_;
  std::string verified_name_;
  Guarded<std::string> refusal_;
};

}  // namespace curfew::http
