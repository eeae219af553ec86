#pragma once

#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "http/client_config.hpp"
#include "http/file_version.hpp"
#include "util/guarded.hpp"
#include "util/result.hpp"

namespace curfew::http {

// The client side of TLS, shared by all connections: trusted CAs, certificate and key. Re-reads the CAs when
// their file changes; they apply to new connections. Thread-safe.
class TlsClient : public std::enable_shared_from_this<TlsClient> {
 public:
  // Returns Invalid, with a sentence as its message, for unusable PEM or for a key that does not match its
  // certificate.
  static Result<std::shared_ptr<TlsClient>> create(const ClientConfig& config, std::string verified_name);

  // Sets TLS 1.2 as the minimum, our CA store in place of the context's, and our certificate. The context
  // keeps this object alive. Throws std::runtime_error.
  void configure(SSL_CTX* context);

  // Why the server's certificate was last refused ("its certificate is ..."); empty if none was refused since
  // the last call.
  std::string take_refusal();

 private:
  struct Own;
  struct Trust {
    std::shared_ptr<X509_STORE> store;
    std::optional<FileVersion> seen;
    std::chrono::steady_clock::time_point read_at;
    bool is_doubted = false;  // a certificate was refused since the last read
  };
  TlsClient(const ClientConfig& config, std::string verified_name, std::shared_ptr<const Own> own,
            Trust trust);
  void renew(Trust& trust) const;
  static int verify(X509_STORE_CTX* chain, void* self);
  std::string explain(X509_STORE_CTX* chain) const;

  const std::string ca_file_;
  const std::string ca_source_;
  const std::string verified_name_;
  const std::shared_ptr<const Own> own_;
  Guarded<Trust> trust_;
  Guarded<std::string> refusal_;
};

}  // namespace curfew::http
