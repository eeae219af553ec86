#pragma once

#include <chrono>
#include <string>

namespace curfew::http {

// Who to talk to and as whom: what a kubeconfig or a Pod's ServiceAccount says. Holds key material: never
// print it.
struct ClientConfig {
  std::string server;   // "https://HOST[:PORT][/PREFIX]", or http:// for a local proxy
  std::string ca_pem;   // trusted instead of the system's CAs; empty: the system's
  std::string ca_file;  // where ca_pem was read; read again when it changes, every minute and after a refused
                        // certificate; empty: it stays
  std::string ca_source = "the kubeconfig's certificate-authority";  // how messages call it
  std::string client_cert_pem;  // certificate first, then its chain; empty: none
  std::string client_key_pem;
  std::string token;            // bearer token; empty: none
  std::string token_file;       // wins over `token`, re-read when it changes, every minute and after a 401
  std::string tls_server_name;  // verified and sent as SNI instead of the host; empty: the host
  std::string ns;               // the context's, or the Pod's; empty: none said

  // The library's own timers, behind the deadline of each call: the longest silence within an answer, and
  // within a watch.
  std::chrono::seconds request_timeout{30};
  std::chrono::seconds idle_timeout{90};
  // How long a stream may take to begin. A quarter of the API server's --request-timeout (15 s) it may spend
  // in its queues.
  std::chrono::milliseconds head_timeout{16'000};
};

}  // namespace curfew::http
