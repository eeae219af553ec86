#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "http/host_port.hpp"

namespace curfew::http {

struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct ServerLimits {
  // For a whole request, including idle time on a kept-alive connection.
  std::chrono::milliseconds read{10000};
  std::chrono::milliseconds write{10000};
  // At a time. A further connection replaces the one whose request has been outstanding the longest.
  int connections = 100;
  std::uint32_t header_bytes = 16 * 1024;
};

// A small HTTP/1.1 server for cheap pages: GET and HEAD, no bodies. A single thread runs the routes.
class Server {
 public:
  using Route = std::function<Page()>;  // a route that throws yields status 500

  // Listens at once. Port 0 selects any free port. Throws std::invalid_argument for a bad address and
  // std::runtime_error if it cannot listen on it.
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
