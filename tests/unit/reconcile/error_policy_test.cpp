#include "reconcile/error_policy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace curfew;
using namespace std::chrono_literals;
using reconcile::error_policy;
using How = reconcile::Retry::How;

TEST_CASE("each kind of error has its retry") {
  struct Case {
    ErrorKind kind;
    How how;
    std::chrono::milliseconds after = 0ms;
  };
  const auto each = GENERATE(values<Case>({
      {ErrorKind::NotFound, How::RateLimited},
      {ErrorKind::AlreadyExists, How::Soon},
      {ErrorKind::Conflict, How::Soon},
      {ErrorKind::Gone, How::RateLimited},
      {ErrorKind::TooManyRequests, How::RateLimited},
      {ErrorKind::Unavailable, How::RateLimited},
      {ErrorKind::InternalError, How::RateLimited},
      {ErrorKind::Invalid, How::Never},
      {ErrorKind::Forbidden, How::After, 60s},
      {ErrorKind::Unauthorized, How::RateLimited},
      {ErrorKind::Timeout, How::RateLimited},
      {ErrorKind::Cancelled, How::RateLimited},
      {ErrorKind::Transport, How::RateLimited},
      {ErrorKind::Tls, How::RateLimited},
      {ErrorKind::Decode, How::RateLimited},
      {ErrorKind::Other, How::RateLimited},
  }));
  CAPTURE(to_string(each.kind));
  const auto retry = error_policy({.kind = each.kind, .message = "trouble"});
  CHECK(retry.how == each.how);
  CHECK(retry.after == each.after);
}

TEST_CASE("a busy API server says itself when to come back") {
  const auto kind = GENERATE(ErrorKind::TooManyRequests, ErrorKind::Unavailable, ErrorKind::InternalError);
  const auto retry = error_policy({.kind = kind, .message = "later", .retry_after = 7s});
  CHECK(retry.how == How::After);
  CHECK(retry.after == 7s);
}

TEST_CASE("Retry-After counts for busy servers only") {
  const auto kind = GENERATE(ErrorKind::Conflict, ErrorKind::Forbidden, ErrorKind::Invalid,
                             ErrorKind::NotFound, ErrorKind::Timeout, ErrorKind::Other);
  CAPTURE(to_string(kind));
  const auto plain = error_policy({.kind = kind, .message = "trouble"});
  const auto advised = error_policy({.kind = kind, .message = "trouble", .retry_after = 7s});
  CHECK(advised.how == plain.how);
  CHECK(advised.after == plain.after);
}
