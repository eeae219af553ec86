#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace curfew {

// What an I/O edge can answer besides success. Callers branch on these, never on library codes or messages.
enum class ErrorKind {
  NotFound,         // 404
  AlreadyExists,    // 409, reason AlreadyExists
  Conflict,         // 409, any other reason: somebody else wrote first
  Gone,             // 410: a resource version that is too old
  TooManyRequests,  // 429
  Unavailable,      // 502, 503, 504: nobody is there to serve us
  InternalError,    // 500: the API server failed at it, or a webhook that it asks
  Invalid,          // 400, 422: will not get better by trying again
  Forbidden,        // 403
  Unauthorized,     // 401
  Timeout,          // no answer within the deadline
  Cancelled,        // the stop token was triggered
  Transport,        // refused, reset, cut off, name not found
  Tls,              // handshake or certificate trouble
  Decode,           // an answer that is not what it should be
  Other,
};

struct Error {
  ErrorKind kind = ErrorKind::Other;
  std::string message;  // one line, fit for a log, a condition or a person
  std::optional<std::chrono::seconds> retry_after =
      std::nullopt;                 // from Retry-After, where the server said so
  bool namespace_is_going = false;  // refused because its namespace is being deleted: nobody's trouble
};

// "NotFound", "Conflict", ...: for logs and metric labels.
const char* to_string(ErrorKind kind);

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{.kind = kind, .message = std::move(message)});
}

}  // namespace curfew
