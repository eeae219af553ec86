#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace curfew {

// How an I/O operation can fail. Callers branch on these, never on library codes or messages.
enum class ErrorKind {
  NotFound,         // 404
  AlreadyExists,    // 409, reason AlreadyExists
  Conflict,         // 409, any other reason: another client wrote first
  Gone,             // 410: a resource version that is too old
  TooManyRequests,  // 429
  Unavailable,      // 502, 503, 504: no server is available
  InternalError,    // 500: the API server failed, or a webhook that it calls
  Invalid,          // 400, 422: a retry will not help
  Forbidden,        // 403
  Unauthorized,     // 401
  Timeout,          // no answer within the deadline
  Cancelled,        // the stop token was triggered
  Transport,        // refused, reset, cut off, name not found
  Tls,              // handshake or certificate trouble
  Decode,           // a response that is malformed or too large
  Other,
};

struct Error {
  ErrorKind kind = ErrorKind::Other;
  std::string message;  // one line, fit for a log, a condition or a person
  // From Retry-After or the Status's retryAfterSeconds, if the server sent one.
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
  bool namespace_is_going = false;  // refused because its namespace is being deleted: not a failure
};

// "NotFound", "Conflict", ...: for logs and metric labels.
const char* to_string(ErrorKind kind);

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{.kind = kind, .message = std::move(message)});
}

}  // namespace curfew
