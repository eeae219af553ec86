#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace curfew::http {

struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct ServerLimits {
  std::chrono::milliseconds read{
      10000};  // for a whole request, idle time on a kept-alive connection included
  std::chrono::milliseconds write{10000};
  int connections = 100;  // at a time; one more takes the place of the one that has kept us waiting for its
                          // request the longest
  std::uint32_t header_bytes = 16 * 1024;
};

struct HostPort {
  std::string host;  // an IP address, without brackets
  std::uint16_t port = 0;
};

// Throws std::invalid_argument with a sentence that names the value and what would be accepted.
HostPort parse_host_port(std::string_view text);

// A small HTTP/1.1 server for pages that cost little: GET and HEAD, no bodies, one thread, on which the
// routes are called.
class Server {
 public:
  using Route = std::function<Page()>;  // one that throws is answered 500

  // Listens at once. Port 0 is any free port. Throws std::invalid_argument for a bad address,
  // std::runtime_error where it cannot listen on it.
  Server(std::string_view host_port, std::map<std::string, Route> routes, ServerLimits limits = {});
  ~Server();  // closes all connections and returns at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::string address() const;  // "127.0.0.1:41234", "[::1]:41234": with the port that was chosen

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::http
