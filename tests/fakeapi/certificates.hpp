#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "fakeapi/scripted_server.hpp"

namespace curfew::fakeapi {

// A certificate authority, created at run time.
class Authority {
 public:
  explicit Authority(const std::string& name);

  const std::string& pem() const { return pem_; }

  // Issues a server certificate. `names` as OpenSSL's subjectAltName: "IP:127.0.0.1,DNS:localhost". With
  // `days` below zero it has expired.
  Identity issue(const std::string& names, int days = 1) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  std::string pem_;
};

}  // namespace curfew::fakeapi
