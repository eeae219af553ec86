#include "core/decide/grant_failure.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "builders.hpp"

using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;

TEST_CASE("a refused binding is retried once a minute, and its reason says what was refused") {
  const auto [kind, reason] = GENERATE(table<ErrorKind, std::string>({
      {ErrorKind::Forbidden, "BindingForbidden"},
      {ErrorKind::Invalid, "BindingInvalid"},
      {ErrorKind::AlreadyExists, "BindingNameTaken"},
  }));
  const auto failure = grant_failure({.kind = kind, .message = "no"}, kNow);
  REQUIRE(failure);
  CHECK(failure->reason == reason);
  CHECK(failure->message.starts_with("no"));
  CHECK(failure->retry_at == kNow + std::chrono::seconds(60));
}

TEST_CASE("an answer that says nothing of the grant is no failure of it") {
  const auto kind =
      GENERATE(ErrorKind::Timeout, ErrorKind::Conflict, ErrorKind::InternalError, ErrorKind::NotFound);
  CHECK_FALSE(grant_failure({.kind = kind, .message = "later"}, kNow));
}
