#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/host_port.hpp"
#include "http/method.hpp"

namespace curfew::http {

// A response.
struct Page {
  // Called on the server's thread for the next bytes of a streamed body, when the client has taken those
  // before. Empty: none yet, call again after ServerLimits::stream_poll; nullopt: the end. Destroyed as soon
  // as the stream ends, also because the client is gone. If it throws, the connection ends without the end of
  // the body, which the client can tell.
  using Source = std::function<std::optional<std::string>()>;

  int status = 200;  // 200 to 599
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones; not those that frame the body
  Source stream = nullptr;                                   // in place of `body`
};

struct ServerLimits {
  // For a whole request, including idle time on a kept-alive connection.
  std::chrono::milliseconds read{10000};
  // For a whole response; of a streamed one, for each piece.
  std::chrono::milliseconds write{10000};
  // At a time. A further connection replaces the one whose request has been outstanding the longest.
  int connections = 100;
  std::uint32_t header_bytes = 16 * 1024;
  std::size_t target_bytes = std::size_t{8} << 10;  // path and query, encoded
  int streams = 50;  // at a time, of the connections; a further one is refused with 503
  std::chrono::milliseconds stream_poll{100};
};

struct RouteOptions {
  std::vector<Method> methods{Method::Get};  // HEAD is accepted where GET is; any other method yields 405
  std::size_t max_body = 0;                  // bytes of a request other than GET
};

// A small HTTP/1.1 server. A single thread runs the routes: they do not block.
class Server {
 public:
  // A request that is complete and unambiguous; all else is refused before a route sees it, with 400, 413,
  // 414 or 431 and a sentence.
  struct Request {
    Method method = Method::Get;                                 // of a HEAD request as well
    std::string path;                                            // decoded; UTF-8 without control characters
    std::multimap<std::string, std::string, std::less<>> query;  // decoded; UTF-8 without NUL
    std::multimap<std::string, std::string, std::less<>> headers;  // by names in lower case
    std::string body;

    // The value of the first query parameter of that name.
    std::optional<std::string> parameter(std::string_view name) const {
      const auto found = query.find(name);
      return found == query.end() ? std::nullopt : std::optional(found->second);
    }
  };

  // What answers a path. A handler that throws, or returns a response that HTTP cannot carry, yields 500.
  struct Route {
    using Handler = std::function<Page(const Request&)>;

    // Conversions are implicit: most routes are one function, and few of them look at the request.
    template <std::invocable<const Request&> F>
    Route(F answer, RouteOptions its = {})  // NOLINT(google-explicit-constructor)
        : handler(std::move(answer)), options(std::move(its)) {}
    template <std::invocable F>
    Route(F answer, RouteOptions its = {})  // NOLINT(google-explicit-constructor)
        : handler([answer = std::move(answer)](const Request&) { return answer(); }),
          options(std::move(its)) {}

    Handler handler;
    RouteOptions options;
  };

  // Listens at once; the routes are by path. Port 0 selects any free port. Throws std::invalid_argument for a
  // bad address and std::runtime_error if it cannot listen on it.
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
