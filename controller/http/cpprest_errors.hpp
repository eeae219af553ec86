#pragma once

// Private to the transport: turns the library's exceptions into Errors with readable messages.

#include <arpa/inet.h>
#include <cpprest/http_msg.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <string>
#include <string_view>

#include "http/tls.hpp"
#include "util/result.hpp"

namespace curfew::http {

struct ServerName {
  std::string peer;  // what messages call it
  std::string host;
  std::uint16_t port = 0;
  // "PEER at HOST:PORT"
  std::string text() const {
    return peer + " at " + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
           std::to_string(port);
  }
};

// The library reports a refused connection and an unreachable host alike: connect once more to tell them
// apart. Only for an address, because resolving a name can block.
inline bool refuses_connections(const ServerName& server) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v4 = ::inet_pton(AF_INET, server.host.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, server.host.c_str(), &v6.sin6_addr) != 1)
    return server.host == "localhost";
  const int socket = ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(server.port);
  const auto* address =
      is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  int error =
      ::connect(socket, address, static_cast<socklen_t>(is_v4 ? sizeof v4 : sizeof v6)) == 0 ? 0 : errno;
  pollfd ready{.fd = socket, .events = POLLOUT, .revents = 0};
  socklen_t length = sizeof error;
  constexpr int kPatienceMs = 200;
  if (error == EINPROGRESS && ::poll(&ready, 1, kPatienceMs) == 1)
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
  ::close(socket);
  return error == ECONNREFUSED;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// An established connection broke; the library reports an end of file as ENOENT.
inline bool is_broken_connection(const web::http::http_exception& error) {
  const int code = error.error_code().value();
  return !contains(error.what(), "Failed to connect") && !contains(error.what(), "resolving") &&
         !contains(error.what(), "SSL handshake") &&
         (code == ECONNRESET || code == EPIPE || code == ENOENT || code == ECONNABORTED);
}

inline bool is_broken_connection(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const web::http::http_exception& error) {
    return is_broken_connection(error);
  } catch (...) {
    return false;
  }
  return false;
}

// The library's error codes are not reliable alone (an end of file is ENOENT): take the phase from the
// message and the reason from both.
inline Error explain(const web::http::http_exception& error, const ServerName& server, TlsClient* tls) {
  const std::string_view what = error.what();
  const int code = error.error_code().value();
  const std::string name = server.text();
  const char* openssl = code > 0xFFFFFF
                            ? ERR_reason_error_string(static_cast<unsigned long>(static_cast<unsigned>(code)))
                            : nullptr;
  if (code == ETIMEDOUT) return {.kind = ErrorKind::Timeout, .message = name + " did not answer in time"};
  if (contains(what, "SSL handshake")) {
    const std::string refusal = tls ? tls->take_refusal() : std::string();
    if (!refusal.empty()) return {.kind = ErrorKind::Tls, .message = name + " cannot be trusted: " + refusal};
    return {.kind = ErrorKind::Tls,
            .message = name + " does not complete a TLS handshake" +
                       (openssl ? std::string(": ") + openssl : std::string())};
  }
  if (openssl) return {.kind = ErrorKind::Tls, .message = name + " ended the TLS session: " + openssl};
  if (contains(what, "resolving"))
    return {.kind = ErrorKind::Transport,
            .message = server.peer + "'s name " + server.host + " cannot be resolved"};
  if (contains(what, "Failed to connect")) {
    const bool refused = code == ECONNREFUSED || (code == EHOSTUNREACH && refuses_connections(server));
    return {.kind = ErrorKind::Transport,
            .message = name + (refused ? " refused the connection" : " cannot be reached")};
  }
  if (code == ECONNRESET || code == EPIPE)
    return {.kind = ErrorKind::Transport, .message = name + " reset the connection"};
  if (code == ENOENT || code == ECONNABORTED || code == ECANCELED)
    return {.kind = ErrorKind::Transport,
            .message = name + " closed the connection before its answer was complete"};
  return {.kind = ErrorKind::Transport,
          .message = fmt::format("no usable answer from {}: {} (code {})", name, what, code)};
}

// The same for anything that the library throws.
inline Error explain(const std::exception_ptr& thrown, const ServerName& server, TlsClient* tls) {
  try {
    std::rethrow_exception(thrown);
  } catch (const web::http::http_exception& error) {
    return explain(error, server, tls);
  } catch (const pplx::task_canceled&) {
    return {.kind = ErrorKind::Cancelled, .message = "stopped"};
  } catch (const std::exception& error) {
    return {.kind = ErrorKind::Transport,
            .message = "no usable answer from " + server.text() + ": " + error.what()};
  } catch (...) {
    return {.kind = ErrorKind::Transport, .message = "no usable answer from " + server.text()};
  }
}

}  // namespace curfew::http
