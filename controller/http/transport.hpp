#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "http/method.hpp"
#include "util/result.hpp"
#include "util/time.hpp"

namespace curfew::http {

inline constexpr std::size_t kMaxBody = std::size_t{64} << 20;  // bytes of a response to send()

struct Request {
  Method method = Method::Get;
  std::string target;  // path and query, encoded: "/api/v1/namespaces?limit=500"
  std::string content_type;
  std::string body;
  // send(): a body of more bytes than this, or one still arriving at the deadline, is an Error; with
  // `accepts_part`, a 2xx response is returned with Response::cut instead.
  std::size_t max_body = kMaxBody;
  bool accepts_part = false;
};

struct Response {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
  std::optional<TimePoint> date;  // the server's clock, whole seconds
  // Why `body` is only the beginning of what the server sent; nullopt: it is complete.
  std::optional<Error> cut = std::nullopt;
};

// Receives one line at a time, without its newline. Runs on the thread that called stream(): parse and hand
// on, block only to push back. Return false to end the stream.
class LineSink {
 public:
  using Function = std::function<bool(std::string_view)>;

  // `on_cut_line` receives the beginning of a line that exceeds the stream's limit, and the rest of the line
  // is skipped; without it such a line ends the stream.
  template <class Line>
  LineSink(Line on_line, Function on_cut_line = nullptr)
      : on_line_(std::move(on_line)),
        on_cut_line_(std::move(on_cut_line)) {}  // NOLINT(google-explicit-constructor)

  bool operator()(std::string_view line) const { return on_line_(line); }
  bool takes_cut_lines() const { return on_cut_line_ != nullptr; }
  bool cut_line(std::string_view beginning) const { return on_cut_line_(beginning); }

 private:
  Function on_line_;
  Function on_cut_line_;
};

// The only way to a server. Any HTTP status is a Response; an Error means that there is no complete
// response (Timeout, Cancelled, Transport, Tls, Decode for one that is too large, Invalid for an unusable
// target, Unauthorized for unreadable credentials). Thread-safe. A request may be sent more than once when a
// connection breaks: every write must be idempotent.
class Transport {
 public:
  virtual ~Transport() = default;

  // Waits for the whole response, at most `deadline` in all, however slowly the bytes arrive.
  virtual Result<Response> send(const Request& request, std::chrono::milliseconds deadline,
                                std::stop_token stop) = 0;

  // Feeds a 2xx body to the sink line by line until the server ends it, nothing arrives for `idle`, or the
  // token stops it. Returns a response with another status whole, with its body, and passes none of it to the
  // sink. After a clean end, returns the status with an empty body.
  virtual Result<Response> stream(const Request& request, const LineSink& sink,
                                  std::chrono::milliseconds idle, std::stop_token stop) = 0;
};

}  // namespace curfew::http
