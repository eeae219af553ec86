#include "reconcile/error_policy.hpp"

namespace curfew::reconcile {

Retry error_policy(const Error& error) {
  using How = Retry::How;
  switch (error.kind) {
    case ErrorKind::Conflict:
    case ErrorKind::AlreadyExists: return {.how = How::Soon};
    case ErrorKind::Forbidden: return {.how = How::After, .after = kForbiddenRetry};
    case ErrorKind::Invalid: return {.how = How::Never};
    case ErrorKind::TooManyRequests:
    case ErrorKind::Unavailable:
    case ErrorKind::InternalError:
      if (error.retry_after) return {.how = How::After, .after = *error.retry_after};
      return {.how = How::RateLimited};
    case ErrorKind::NotFound:
    case ErrorKind::Gone:
    case ErrorKind::Unauthorized:
    case ErrorKind::Timeout:
    case ErrorKind::Cancelled:
    case ErrorKind::Transport:
    case ErrorKind::Tls:
    case ErrorKind::Decode:
    case ErrorKind::Other: return {.how = How::RateLimited};
  }
  return {.how = How::RateLimited};
}

}  // namespace curfew::reconcile
