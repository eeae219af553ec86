#pragma once

#include <chrono>
#include <string>

namespace curfew::http {

// The address of a server, the CAs to trust and the credentials to use. Holds key material: never print it.
struct ClientConfig {
  std::string server;               // "https://HOST[:PORT][/PREFIX]", or http:// for a local proxy
  std::string peer = "the server";  // what messages call the server: "PEER at HOST:PORT refused ..."
  std::string ca_pem;               // trusted instead of the system's CAs; empty: the system's
  std::string ca_file;  // source of ca_pem; re-read when it changes, every minute and after a refused
                        // certificate; empty: ca_pem stays as it is
  std::string ca_source = "the configured CA";  // what messages call the CAs
  std::string client_cert_pem;                  // certificate first, then its chain; empty: none
  std::string client_key_pem;
  std::string token;            // bearer token; empty: none
  std::string token_file;       // wins over `token`, re-read when it changes, every minute and after a 401
  std::string tls_server_name;  // verified and sent as SNI instead of the host; empty: the host

  // The HTTP library's own timeouts, a backstop for the deadline of each call: the longest silence within a
  // response, and within a watch.
  std::chrono::seconds request_timeout{30};
  std::chrono::seconds idle_timeout{90};
  // The longest wait for a stream to begin; longer than a server keeps a request in its queues.
  std::chrono::milliseconds head_timeout{16'000};
};

}  // namespace curfew::http
