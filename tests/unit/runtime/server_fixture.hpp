#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.hpp"

namespace curfew::testing {

// A plain socket, because the tests send what a client library never would.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how the socket API is
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~Connection() {
    if (socket_ >= 0) ::close(socket_);
  }
  Connection(Connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection& operator=(Connection&&) = delete;

  // False if the other end refuses.
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads until the other end closes or nothing arrives for `patience`.
  std::string read_all(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    std::string text;
    while (read_some(text, patience)) {
    }
    return text;
  }

  // Reads until `end` has arrived `times` times.
  std::string read_until(std::string_view end, int times = 1) {
    std::string text;
    std::size_t from = 0;
    while (true) {
      const std::size_t found = text.find(end, from);
      if (found != std::string::npos) {
        from = found + end.size();
        if (--times == 0) return text;
      } else if (!read_some(text, std::chrono::seconds(5))) {
        return text;
      }
    }
  }

  bool was_closed() const { return closed_; }

 private:
  bool read_some(std::string& text, std::chrono::milliseconds patience) {
    pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) return false;
    char buffer[4096];
    const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    closed_ = got <= 0;
    return got > 0;
  }

  int socket_;
  bool closed_ = false;
};

inline std::map<std::string, http::Server::Route> pages() {
  return {
      {"/metrics",
       [] { return http::Page{.content_type = "text/plain; version=0.0.4", .body = "curfew_leader 1\n"}; }},
      {"/healthz", [] { return http::Page{.body = "healthz check passed\n"}; }},
      {"/readyz", [] { return http::Page{.status = 503, .body = "[-]guard failed: it is missing\n"}; }},
      {"/broken", []() -> http::Page { throw std::runtime_error("a bug"); }}};
}

struct ServedPages {
  http::Server server{
      "127.0.0.1:0", pages(),
      http::ServerLimits{.read = std::chrono::milliseconds(300), .write = std::chrono::milliseconds(300)}};

  Connection connect() const { return Connection(server.port()); }
  std::string ask(std::string_view request) const {
    Connection connection = connect();
    connection.send(request);
    return connection.read_all();
  }
  std::string get(const std::string& target) const {
    return ask("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
};

}  // namespace curfew::testing
